#include <braid/sync/shared_mutex.hpp>

#include <braid/core/error.hpp>

namespace braid {

shared_mutex::lock_type shared_mutex::try_lock() noexcept {
    return take(false, nullptr) ? lock_type(*this) : lock_type();
}
shared_mutex::shared_lock_type shared_mutex::try_lock_shared() noexcept {
    return take(true, nullptr) ? shared_lock_type(*this) : shared_lock_type();
}

shared_mutex::lock_type shared_mutex::lock_blocking() {
    return detail::wait_blocking(locking{this}, "shared_mutex::lock_blocking", "co_await lock()");
}
shared_mutex::shared_lock_type shared_mutex::lock_shared_blocking() {
    return detail::wait_blocking(sharing{this}, "shared_mutex::lock_shared_blocking", "co_await lock_shared()");
}

void shared_mutex::unlock() {
    detail::list<contender> served;
    {
        const detail::section inside = room_.enter();
        if (!writing_) throw usage_error("a shared_mutex was unlocked that nobody had locked for writing");
        writing_ = false;
        admit(served);
    }
    detail::wake_all(served);
}

void shared_mutex::unlock_shared() {
    detail::list<contender> served;
    {
        const detail::section inside = room_.enter();
        if (readers_ == 0) throw usage_error("a shared_mutex was unlocked that nobody had locked for reading");
        --readers_;
        admit(served);
    }
    detail::wake_all(served);
}

bool shared_mutex::take(bool shared, contender* to_queue) noexcept {
    const detail::section inside = room_.enter();
    if (room_.queue.empty() && admits(shared)) {
        count_in(shared);
        return true;
    }
    if (to_queue) {
        to_queue->shared = shared;
        room_.queue.push(*to_queue);
    }
    return false;
}

// Readers behind a writer that goes away may have waited for nothing else.
bool shared_mutex::leave(contender& w) noexcept {
    detail::list<contender> served;
    bool left = false;
    {
        const detail::section inside = room_.enter();
        left = room_.queue.remove(w);
        if (left) admit(served);
    }
    detail::wake_all(served);
    return left;
}

void shared_mutex::count_in(bool shared) noexcept {
    if (shared) {
        ++readers_;
    } else {
        writing_ = true;
    }
}

void shared_mutex::admit(detail::list<contender>& served) noexcept {
    while (!room_.queue.empty() && admits(room_.queue.front().shared)) {
        contender& first = *room_.queue.pop();
        count_in(first.shared);
        served.push_back(first);
    }
}

}  // namespace braid
