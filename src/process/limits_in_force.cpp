#include "process/limits_in_force.hpp"

#include "process/descriptors.hpp"
#include "process/memory_held.hpp"

#include <algorithm>
#include <csignal>
#include <ctime>

#include <unistd.h>

namespace braid::process_detail {

namespace {

/// Sends SIGXCPU when the process has used so much CPU time from now on. RLIMIT_CPU does the same, to whole seconds.
class cpu_timer {
public:
    cpu_timer() {
        sigevent event{};
        event.sigev_notify = SIGEV_SIGNAL;
        event.sigev_signo = SIGXCPU;
        if (::timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &timer_) != 0) throw_errno("make a timer of CPU time");
    }
    void set(std::chrono::nanoseconds from_now) const noexcept {
        constexpr std::chrono::nanoseconds::rep second = 1'000'000'000;
        itimerspec when{};
        when.it_value.tv_sec = from_now.count() / second;
        when.it_value.tv_nsec = from_now.count() % second;
        ::timer_settime(timer_, 0, &when, nullptr);
    }
    void stop() const noexcept { set({}); }

private:
    timer_t timer_{};
};

const cpu_timer& the_cpu_timer() {
    static const cpu_timer timer;  // made by the first call that needs it, and then kept
    return timer;
}

}  // namespace

limits_in_force::lowered::lowered(__rlimit_resource resource, rlim_t limit) : resource_(resource) {
    if (::getrlimit(resource, &before_) != 0) throw_errno("look at a limit of this process");
    const rlimit now{.rlim_cur = std::min(limit, before_.rlim_cur), .rlim_max = before_.rlim_max};
    if (::setrlimit(resource, &now) != 0) throw_errno("lower a limit of this process");
}

limits_in_force::lowered::~lowered() { ::setrlimit(resource_, &before_); }

limits_in_force::limits_in_force(const call_limits& limits) {
    if (limits.file_size) file_size_.emplace(RLIMIT_FSIZE, *limits.file_size);
    if (limits.memory) {
        const std::uint64_t held = address_space_of(::getpid()).value_or(0);
        const std::uint64_t room = ~std::uint64_t{0} - held;
        memory_.emplace(RLIMIT_AS, held + std::min(*limits.memory, room));
    }
    if (!limits.cpu_time) return;
    the_cpu_timer().set(*limits.cpu_time);
    counts_cpu_time_ = true;
}

limits_in_force::~limits_in_force() {
    if (counts_cpu_time_) the_cpu_timer().stop();
}

}  // namespace braid::process_detail
