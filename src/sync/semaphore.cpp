#include <braid/sync/semaphore.hpp>

#include <braid/core/detail/job_state.hpp>

#include <fmt/format.h>

namespace braid {

semaphore::semaphore(std::ptrdiff_t permits, std::ptrdiff_t limit) : limit_(limit), available_(permits) {
    if (limit <= 0 || permits < 0 || permits > limit) {
        throw usage_error(fmt::format("a semaphore cannot begin with {} of {} permits", permits, limit));
    }
}

permit semaphore::try_acquire() noexcept {
    const std::lock_guard lock(mutex_);
    if (available_ == 0) return permit();
    --available_;
    return permit(*this);
}

class semaphore::blocked_thread : public detail::waiter, public detail::thread_parker {
public:
    void wake() noexcept override { unpark(); }
};

permit semaphore::acquire_blocking() {
    detail::require_plain_thread("semaphore::acquire_blocking", "co_await acquire()");
    blocked_thread here;
    if (!take_or_queue(here)) here.wait();
    return permit(*this);
}

void semaphore::release(std::ptrdiff_t count) {
    detail::list<detail::waiter> served;
    {
        const std::lock_guard lock(mutex_);
        if (count < 0 || count > limit_ - available_) {
            throw usage_error(fmt::format("{} permits were given back to a semaphore of which {} of {} are out", count,
                                          limit_ - available_, limit_));
        }
        hand_out(count, served);
    }
    detail::wake_all(served);
}

void semaphore::give_back() noexcept {
    detail::list<detail::waiter> served;
    {
        const std::lock_guard lock(mutex_);
        hand_out(1, served);
    }
    detail::wake_all(served);
}

std::ptrdiff_t semaphore::available() const noexcept {
    const std::lock_guard lock(mutex_);
    return available_;
}

bool semaphore::take_or_queue(detail::waiter& w) noexcept {
    const std::lock_guard lock(mutex_);
    if (available_ > 0) {
        --available_;
        return true;
    }
    waiting_.push(w);
    return false;
}

bool semaphore::forget(detail::waiter& w) noexcept {
    const std::lock_guard lock(mutex_);
    return waiting_.remove(w);
}

// A permit goes straight to the first who waits, so that nobody can come in between.
void semaphore::hand_out(std::ptrdiff_t count, detail::list<detail::waiter>& served) noexcept {
    for (; count > 0; --count) {
        detail::waiter* first = waiting_.pop();
        if (!first) break;
        served.push_back(*first);
    }
    available_ += count;
}

}  // namespace braid
