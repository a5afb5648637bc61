#include <braid/sync/semaphore.hpp>

#include <braid/core/error.hpp>

#include <fmt/format.h>

namespace braid {

semaphore::semaphore(std::ptrdiff_t permits, std::ptrdiff_t limit) : limit_(limit), available_(permits) {
    if (limit <= 0 || permits < 0 || permits > limit) {
        throw usage_error(fmt::format("a semaphore cannot begin with {} of {} permits", permits, limit));
    }
}

permit semaphore::acquire_blocking() {
    return detail::wait_blocking(acquiring{this}, "semaphore::acquire_blocking", "co_await acquire()");
}

void semaphore::release(std::ptrdiff_t count) {
    detail::list<detail::waiter> served;
    {
        const detail::section inside = room_.enter();
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
        const detail::section inside = room_.enter();
        hand_out(1, served);
    }
    detail::wake_all(served);
}

std::ptrdiff_t semaphore::available() const noexcept {
    const detail::section inside = room_.enter();
    return available_;
}

// A permit goes straight to the first who waits, so that nobody can come in between.
void semaphore::hand_out(std::ptrdiff_t count, detail::list<detail::waiter>& served) noexcept {
    for (; count > 0; --count) {
        detail::waiter* first = room_.queue.pop();
        if (!first) break;
        served.push_back(*first);
    }
    available_ += count;
}

}  // namespace braid
