#include <braid/app/run.hpp>

#include <braid/core/cpu_count.hpp>
#include <braid/core/named.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/task_group.hpp>
#include <braid/thread/blocking_pool.hpp>

#include <support/run_here.hpp>

#include <doctest/doctest.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <functional>
#include <iterator>
#include <string>

#include <unistd.h>

using namespace braid;
using namespace std::chrono_literals;
using braid_test::run_here;

namespace {

/// What the process writes to standard error meanwhile goes into a pipe.
class stderr_in_a_pipe {
public:
    stderr_in_a_pipe() : before_(::dup(STDERR_FILENO)) {
        REQUIRE(::pipe(ends_.data()) == 0);
        REQUIRE(::dup2(ends_[1], STDERR_FILENO) == STDERR_FILENO);
    }
    stderr_in_a_pipe(const stderr_in_a_pipe&) = delete;
    stderr_in_a_pipe& operator=(const stderr_in_a_pipe&) = delete;
    ~stderr_in_a_pipe() {
        ::dup2(before_, STDERR_FILENO);
        for (const int fd : {before_, ends_[0], ends_[1]}) ::close(fd);
    }

    /// Blocks until the words have come; gives all there was.
    std::string read_up_to(const std::string& words) {
        std::string text;
        std::array<char, 256> some{};
        while (text.find(words) == std::string::npos) {
            const auto count = ::read(ends_[0], some.data(), some.size());
            REQUIRE(count > 0);
            text.append(some.data(), static_cast<std::size_t>(count));
        }
        return text;
    }

private:
    int before_;
    std::array<int, 2> ends_{};
};

task<> show_itself() {
    stderr_in_a_pipe errors;
    blocking_pool threads;
    co_await with_task_group([&](task_group& g) -> task<> {
        g.start_daemon([] { return named("somebody who sleeps", sleep_for(1h)); });
        co_await checkpoint();
        REQUIRE(::kill(::getpid(), SIGUSR1) == 0);
        const std::string text = co_await threads.run(&stderr_in_a_pipe::read_up_to, &errors, "somebody who sleeps");
        CHECK(text.find("home 1 of") != std::string::npos);
    });
}

task<int> threads_of_process() {
    using iterator = std::filesystem::directory_iterator;
    co_return static_cast<int>(std::distance(iterator("/proc/self/task"), iterator()));
}

task<> do_nothing() { co_return; }

}  // namespace

TEST_SUITE("app/run") {
    TEST_CASE("the signal that was chosen shows every task, and its handler goes with the run") {
        CHECK(run_here(show_itself, {.dump_on_signal = SIGUSR1}) == 0);
        struct sigaction now{};
        REQUIRE(::sigaction(SIGUSR1, nullptr, &now) == 0);
        CHECK((now.sa_handler == SIG_DFL));
    }

    TEST_CASE("there are as many loops as were asked for, or as there are CPUs, and one by default") {
        const int with_one = run_here(threads_of_process);
        CHECK(run_here(threads_of_process, {.loops = 1}) == with_one);
        CHECK(run_here(threads_of_process, {.loops = 4}) == with_one + 3);
        CHECK(run_here(threads_of_process, {.loops = 0}) == with_one + usable_cpus() - 1);
    }

    TEST_CASE("fewer loops than none is an error") {
        stderr_in_a_pipe errors;
        CHECK(run_here(do_nothing, {.loops = -1}) == 1);
        errors.read_up_to("error: a run cannot have -1 loops: it needs at least one\n");
    }
}
