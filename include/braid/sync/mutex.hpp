#pragma once
// mutex: one at a time. Waiting suspends the coroutine, never the thread, and is first come, first served.

#include <braid/sync/detail/queued.hpp>
#include <braid/sync/held.hpp>

namespace braid {

/// It belongs to nobody in particular: a lock may be moved to another task, or thread, and be given up there.
/// Whoever holds it and locks it again waits for ever; see `recursive_mutex`.
/// Threads: any. Lifetime: it must outlive its locks and those who wait.
class mutex {
    struct locking;

public:
    using lock_type = held<mutex>;

    mutex() = default;
    mutex(const mutex&) = delete;
    mutex& operator=(const mutex&) = delete;

    /// `auto lock = co_await m.lock();`
    /// Cancellation: takes the waiter out of the queue; one that was served before keeps its lock.
    detail::queued<locking> lock() noexcept;
    /// An empty lock when somebody has it. It never overtakes those who wait.
    lock_type try_lock() noexcept;
    /// For plain threads.
    lock_type lock_blocking();

    /// Gives up a lock that was detached; the first who waits has it then. Throws: `usage_error` when it is not locked.
    void unlock();

    /// A snapshot.
    [[nodiscard]] bool is_locked() const noexcept;

private:
    friend class condition;

    bool take(detail::waiter* to_queue) noexcept;

    mutable detail::waiting_room<> room_;
    bool locked_ = false;  // inside room_
};

// Implementation

struct mutex::locking {
    mutex* what;

    using node = detail::waiter;
    bool take(node* to_queue) const noexcept { return what->take(to_queue); }
    bool forget(node& w) const noexcept { return what->room_.leave(w); }
    lock_type result() const noexcept { return lock_type(*what); }
};

inline detail::queued<mutex::locking> mutex::lock() noexcept { return detail::queued(locking{this}); }

inline mutex::lock_type mutex::try_lock() noexcept { return take(nullptr) ? lock_type(*this) : lock_type(); }

inline bool mutex::take(detail::waiter* to_queue) noexcept {
    const detail::section inside = room_.enter();
    if (!locked_) return locked_ = true;
    if (to_queue) room_.queue.push(*to_queue);
    return false;
}

}  // namespace braid
