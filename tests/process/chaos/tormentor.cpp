#include "process/chaos/tormentor.hpp"

#include "support/sanitized.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>
#include <utility>

#include <sys/resource.h>
#include <unistd.h>

namespace chaos {

namespace {

using namespace std::chrono_literals;

// Calls that workers answer, on average, between two acts. Those that end otherwise do not count: they go on ending
// while no worker lives for long enough to answer one, and a pool may give up then.
constexpr std::size_t pace = 80;
// How long a stop for a while lasts at most, and how often to look whether enough calls have ended.
constexpr auto longest_stop = 20ms;
constexpr auto look_interval = 1ms;
// What a starved worker may still take, beyond what it has.
constexpr rlim_t crumbs = 1 << 20;

}  // namespace

tormentor::tormentor(std::uint64_t seed, const judge& watched, stops allowed)
    : watched_(watched), allowed_(allowed), random_(seed) {}

void tormentor::workers_are(std::vector<int> pids, int zygote) {
    const std::lock_guard lock(mutex_);
    pids_ = std::move(pids);
    zygote_ = zygote;
}

harm_by_pid tormentor::stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
    return done_;
}

void tormentor::run() {
    for (;;) {
        wait_for_calls(1 + random_() % (2 * pace));
        if (stopping_) return;
        int pid = -1;
        {
            const std::lock_guard lock(mutex_);
            if (!pids_.empty()) pid = pids_[random_() % pids_.size()];
            // No call is to notice.
            if (zygote_ > 0 && random_() % 8 == 0) ::kill(zygote_, SIGKILL);
        }
        // It may be gone by now, then nothing happens: numbers are not reused so soon.
        if (pid > 0) torment(pid);
    }
}

void tormentor::wait_for_calls(std::size_t more) {
    const std::size_t enough = watched_.answered() + more;
    while (!stopping_ && watched_.answered() < enough) std::this_thread::sleep_for(look_interval);
    // Not only at the moments at which a call has just ended.
    std::this_thread::sleep_for(std::chrono::microseconds(random_() % 300));
}

void tormentor::torment(int pid) {
    const auto what = random_() % 100;
    harm& done = done_[pid];
    if (what < 50) {
        done.killed |= ::kill(pid, SIGKILL) == 0;
    } else if (what < 75) {
        stop_for_a_while(pid);
    } else if (what < 82) {
        if (allowed_ == stops::for_good_too) done.stopped |= ::kill(pid, SIGSTOP) == 0;
    } else if (what < 92) {
        done.starved |= starve(pid);
    } else {
        done.slowed |= ::setpriority(PRIO_PROCESS, static_cast<id_t>(pid), 19) == 0;
    }
}

void tormentor::stop_for_a_while(int pid) {
    if (::kill(pid, SIGSTOP) != 0) return;
    done_[pid].stopped = true;
    const auto until = std::chrono::steady_clock::now() + longest_stop;
    const std::size_t enough = watched_.ended() + random_() % 20;
    while (watched_.ended() < enough && std::chrono::steady_clock::now() < until) {
        std::this_thread::sleep_for(look_interval);
    }
    ::kill(pid, SIGCONT);
}

/// From now on its allocations fail. A sanitizer would not survive that.
bool tormentor::starve(int pid) {
    if (braid_test::sanitized) return false;
    const std::string path = "/proc/" + std::to_string(pid) + "/statm";
    std::FILE* const file = std::fopen(path.c_str(), "re");
    if (!file) return false;
    unsigned long pages = 0;
    const bool known = std::fscanf(file, "%lu", &pages) == 1;
    std::fclose(file);
    const rlim_t most = pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE)) + crumbs;
    const rlimit limit{most, most};
    return known && ::prlimit(pid, RLIMIT_AS, &limit, nullptr) == 0;
}

std::string summary_of(const harm_by_pid& done) {
    const auto count = [&](bool harm::* kind) {
        return std::ranges::count_if(done, [&](const auto& each) { return each.second.*kind; });
    };
    return fmt::format("{} killed, {} stopped, {} starved, {} slowed", count(&harm::killed), count(&harm::stopped),
                       count(&harm::starved), count(&harm::slowed));
}

}  // namespace chaos
