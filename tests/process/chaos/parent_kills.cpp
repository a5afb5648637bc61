#include "process/chaos/parent_kills.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <random>
#include <system_error>
#include <thread>
#include <utility>

#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace chaos {

namespace {

using namespace std::chrono_literals;

// Processes end by themselves when their parent does; how long that may take on a machine that is busy.
constexpr auto patience = 20s;

pid_t start(const std::string& program, std::uint64_t seed) {
    std::string number = std::to_string(seed);
    std::string path = program;
    std::string mode = "--until-killed";
    std::string option = "--seed";
    std::array<char*, 5> argv{path.data(), mode.data(), option.data(), number.data(), nullptr};
    pid_t pid = -1;
    const int failure = ::posix_spawn(&pid, program.c_str(), nullptr, nullptr, argv.data(), environ);
    if (failure != 0) throw std::system_error(failure, std::generic_category(), "starting " + program);
    return pid;
}

/// The workers of a parent that is gone are ours. False if some are still there when patience is over.
bool all_gone() {
    const auto until = std::chrono::steady_clock::now() + patience;
    for (;;) {
        const pid_t gone = ::waitpid(-1, nullptr, WNOHANG);
        if (gone < 0 && errno == ECHILD) return true;
        if (gone > 0) continue;
        if (std::chrono::steady_clock::now() > until) return false;
        std::this_thread::sleep_for(1ms);
    }
}

}  // namespace

verdict kill_parents(const std::string& program, std::uint64_t seed, int times) {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    std::mt19937_64 random(seed);
    std::vector<std::string> complaints;
    int with_zygote = 0;
    int spinning = 0;
    for (int i = 0; i != times; ++i) {
        // Every other time while it is still being started.
        const auto moment = std::chrono::microseconds(random() % (i % 2 == 0 ? 15'000 : 150'000));
        const std::uint64_t seed_of_parent = random();
        const features has = features_of(seed_of_parent);
        with_zygote += has.zygote;
        spinning += has.spin;
        const pid_t parent = start(program, seed_of_parent);
        std::this_thread::sleep_for(moment);
        ::kill(parent, SIGKILL);
        int status = 0;
        while (::waitpid(parent, &status, 0) < 0 && errno == EINTR) {
        }
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
            complaints.push_back(
                fmt::format("a parent ended by itself within {} us: status {:#x}", moment.count(), status));
        }
        if (!all_gone()) {
            complaints.push_back(fmt::format("a parent that was killed after {} us left workers", moment.count()));
            break;  // they would be found again and again
        }
    }
    return {fmt::format("{} with zygotes, {} that looked out for their workers", with_zygote, spinning),
            std::move(complaints)};
}

}  // namespace chaos
