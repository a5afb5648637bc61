// The floors of pools of two processes: long_calls shares the work among two that do nothing else (calls a second);
// first_results starts the program of braid's contender twice, with posix_spawn, and waits for a byte from each
// (milliseconds); first_results_zygote lets a warm process fork two; kill_to_error and kill_to_result end one process,
// and start another.
#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process/spin_work.hpp"
#include "support/contender.hpp"

extern char** environ;

namespace {

int long_calls(std::uint64_t calls) {
    const bench::stopwatch watch;
    std::array<pid_t, 2> children{};
    for (std::size_t i = 0; i < children.size(); ++i) {
        children[i] = ::fork();
        if (children[i] != 0) continue;
        for (std::uint64_t call = i; call < calls; call += children.size()) bench::spin(bench::rounds_of_10_ms());
        std::_Exit(0);
    }
    for (const pid_t child : children) ::waitpid(child, nullptr, 0);
    bench::report(static_cast<double>(calls) / watch.wall_seconds(), watch.cpu_seconds());
    return 0;
}

/// A process of the program of braid's contender, which says a byte when it is there.
class child {
public:
    explicit child(std::string word) {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) std::_Exit(1);
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        std::string program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "braid_pool_life";
        std::array<char*, 3> arguments{program.data(), word.data(), nullptr};
        if (::posix_spawn(&pid_, program.data(), &actions, nullptr, arguments.data(), environ) != 0) std::_Exit(1);
        ::close(ends[1]);  // a child that fails is heard of
        word_ = ends[0];
    }
    [[nodiscard]] pid_t pid() const { return pid_; }
    void await_word() const {
        char byte = 0;
        if (::read(word_, &byte, 1) != 1) std::_Exit(1);
    }
    void await_end() const { ::waitpid(pid_, nullptr, 0); }

private:
    pid_t pid_ = 0;
    int word_ = -1;
};

int first_results(std::size_t resident) {
    const std::vector<char> touched(resident, 'x');
    for (const child& before : {child("--hello"), child("--hello")}) {  // as braid's contender does
        before.await_word();
        before.await_end();
    }
    const bench::stopwatch watch;
    const std::array<child, 2> both{child("--hello"), child("--hello")};
    for (const child& each : both) each.await_word();
    const double wall = watch.wall_seconds();
    for (const child& each : both) each.await_end();
    bench::report(wall * 1e3, watch.cpu_seconds());
    return touched.back() == 'x' ? 0 : 1;
}

/// Milliseconds from SIGKILL of a process that has nothing to do until the kernel says that it has ended, or until one
/// that is started then says its byte.
int after_kill(bool to_result) {
    const child first("--stay");
    first.await_word();
    ::usleep(10'000);  // so that it sleeps, as a worker does
    pollfd end{.fd = static_cast<int>(::syscall(SYS_pidfd_open, first.pid(), 0)), .events = POLLIN, .revents = 0};
    const bench::stopwatch watch;
    ::kill(first.pid(), SIGKILL);
    if (::poll(&end, 1, -1) != 1) return 1;
    if (to_result) child("--hello").await_word();
    const double wall = watch.wall_seconds();
    while (::wait(nullptr) > 0) {
    }
    bench::report(wall * 1e3, watch.cpu_seconds());
    return 0;
}

/// A warm process that has touched 1 MiB forks two when it is told to by a byte, and each of them writes one.
int first_results_of_forks() {
    std::array<int, 2> wishes{};
    std::array<int, 2> words{};
    if (::pipe2(wishes.data(), O_CLOEXEC) != 0 || ::pipe2(words.data(), O_CLOEXEC) != 0) return 1;
    const pid_t zygote = ::fork();
    if (zygote == 0) {
        const std::vector<char> preloaded(std::size_t{1} << 20, 'x');
        char byte = preloaded.back();
        if (::write(words[1], &byte, 1) != 1 || ::read(wishes[0], &byte, 1) != 1) std::_Exit(1);
        for (int i = 0; i < 2; ++i) {
            if (::fork() == 0) std::_Exit(::write(words[1], &byte, 1) == 1 ? 0 : 1);
        }
        while (::wait(nullptr) > 0) {
        }
        std::_Exit(0);
    }
    char byte = 0;
    if (::read(words[0], &byte, 1) != 1) return 1;
    const bench::stopwatch watch;
    if (::write(wishes[1], &byte, 1) != 1) return 1;
    for (int got = 0; got < 2; ++got) {
        if (::read(words[0], &byte, 1) != 1) return 1;
    }
    const double wall = watch.wall_seconds();
    ::waitpid(zygote, nullptr, 0);
    bench::report(wall * 1e3, watch.cpu_seconds());
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const auto asked = bench::parse(argc, argv);
    if (asked.problem == "long_calls") return long_calls(asked.operations);
    if (asked.problem == "first_results_10m") return first_results(std::size_t{10} << 20);
    if (asked.problem == "first_results_zygote") return first_results_of_forks();
    if (asked.problem == "kill_to_error") return after_kill(false);
    if (asked.problem == "kill_to_result") return after_kill(true);
    if (asked.problem == "first_results_1g") return first_results(std::size_t{1} << 30);
    return 77;
}
