#include "process/alarm.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>

#include <sys/timerfd.h>
#include <unistd.h>

namespace braid::process_detail {

namespace {

unique_fd make_timer() {
    unique_fd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    if (!timer) throw_errno("make a timer");
    return timer;
}

/// Zero would stop the timer.
timespec as_timespec(alarm::time_point at) {
    using namespace std::chrono;
    const nanoseconds since = std::max(nanoseconds(at.time_since_epoch()), nanoseconds(1));
    return {.tv_sec = duration_cast<seconds>(since).count(), .tv_nsec = (since % seconds(1)).count()};
}

}  // namespace

alarm::alarm(output_thread& thread, std::function<void()> rings)
    : thread_(thread), works_(std::make_shared<clockwork>()) {
    works_->timer = make_timer();
    works_->rings = std::move(rings);
    watch_ = thread_.watch(works_->timer.get(), [works = works_] {
        {
            const std::lock_guard lock(works->mutex);
            std::uint64_t times = 0;
            if (!works->timer) return false;
            if (::read(works->timer.get(), &times, sizeof times) != sizeof times) return true;  // it was set anew
        }
        works->rings();
        return true;
    });
}

alarm::~alarm() { close(); }

void alarm::ring_by(time_point at) noexcept {
    if (at_ && *at_ <= at) return;
    at_ = at;
    const itimerspec when{.it_interval = {}, .it_value = as_timespec(at)};
    const std::lock_guard lock(works_->mutex);
    if (works_->timer) ::timerfd_settime(works_->timer.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

void alarm::close() noexcept {
    thread_.forget(watch_);
    const std::lock_guard lock(works_->mutex);
    works_->timer.reset();
}

}  // namespace braid::process_detail
