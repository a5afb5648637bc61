#pragma once
// recursive_mutex: one owner at a time, who may lock it again and again. First come, first served.

#include <braid/sync/detail/queued.hpp>
#include <braid/sync/held.hpp>

#include <cstddef>

namespace braid {

/// Its owner is a task (one child of a group, one root, with everything that it awaits), or a plain thread.
/// Locked three times, it has to be unlocked three times, by its owner. Take `mutex` where you can: it costs less.
/// Threads: any. Lifetime: it must outlive its locks and those who wait.
class recursive_mutex {
    struct locking;
    struct contender;

public:
    using lock_type = held<recursive_mutex>;

    recursive_mutex() = default;
    recursive_mutex(const recursive_mutex&) = delete;
    recursive_mutex& operator=(const recursive_mutex&) = delete;

    /// `auto lock = co_await m.lock();`
    /// Cancellation: takes the waiter out of the queue; one that was served before keeps its lock.
    detail::queued<locking> lock() noexcept;
    /// An empty lock when somebody else has it. It never overtakes those who wait.
    lock_type try_lock() noexcept;
    /// For plain threads.
    lock_type lock_blocking();

    /// Gives up a lock that was detached, once. Throws: `usage_error` unless the caller is the owner.
    void unlock();

private:
    bool take(const void* who, contender* to_queue) noexcept;
    bool leave(contender& w) noexcept;

    detail::waiting_room<contender> room_;
    const void* owner_ = nullptr;  // inside room_
    std::size_t times_ = 0;        // inside room_
};

// Implementation

namespace detail {
/// The task, or else the thread, that is running here.
[[nodiscard]] const void* current_owner() noexcept;
}  // namespace detail

struct recursive_mutex::contender : detail::waiter {
    const void* who = nullptr;

protected:
    ~contender() = default;
};

struct recursive_mutex::locking {
    recursive_mutex* what;

    using node = contender;
    bool take(node* to_queue) const noexcept { return what->take(detail::current_owner(), to_queue); }
    bool forget(node& w) const noexcept { return what->leave(w); }
    lock_type result() const noexcept { return lock_type(*what); }
};

inline detail::queued<recursive_mutex::locking> recursive_mutex::lock() noexcept {
    return detail::queued(locking{this});
}

}  // namespace braid
