#pragma once
// shared_mutex: many readers, or one writer. Readers and writers stand in one queue: first come, first served.

#include <braid/sync/detail/queued.hpp>
#include <braid/sync/held.hpp>

#include <cstddef>

namespace braid {

/// A reader that comes while a writer waits stands behind it, so that neither kind starves. Hence a reader that locks
/// again while it reads may wait for ever.
/// Threads: any. Lifetime: it must outlive its locks and those who wait.
class shared_mutex {
    struct contender;
    struct locking;
    struct sharing;

public:
    using lock_type = held<shared_mutex>;
    using shared_lock_type = held<shared_mutex, true>;

    shared_mutex() = default;
    shared_mutex(const shared_mutex&) = delete;
    shared_mutex& operator=(const shared_mutex&) = delete;

    /// `auto alone = co_await m.lock();`, `auto beside_others = co_await m.lock_shared();`
    /// Cancellation: takes the waiter out of the queue; one that was served before keeps its lock.
    detail::queued<locking> lock() noexcept;
    detail::queued<sharing> lock_shared() noexcept;
    /// An empty lock when it is not to be had now. They never overtake those who wait.
    lock_type try_lock() noexcept;
    shared_lock_type try_lock_shared() noexcept;
    /// For plain threads.
    lock_type lock_blocking();
    shared_lock_type lock_shared_blocking();

    /// Give up locks that were detached. Throw: `usage_error` when there is no such lock.
    void unlock();
    void unlock_shared();

private:
    bool take(bool shared, contender* to_queue) noexcept;
    bool leave(contender& w) noexcept;
    void admit(detail::list<contender>& served) noexcept;  // inside room_
    [[nodiscard]] bool admits(bool shared) const noexcept { return !writing_ && (shared || readers_ == 0); }
    void count_in(bool shared) noexcept;

    detail::waiting_room<contender> room_;
    std::size_t readers_ = 0;  // inside room_
    bool writing_ = false;     // inside room_
};

// Implementation

struct shared_mutex::contender : detail::waiter {
    bool shared = false;

protected:
    ~contender() = default;
};

struct shared_mutex::locking {
    shared_mutex* what;

    using node = contender;
    bool take(node* to_queue) const noexcept { return what->take(false, to_queue); }
    bool forget(node& w) const noexcept { return what->leave(w); }
    lock_type result() const noexcept { return lock_type(*what); }
};

struct shared_mutex::sharing {
    shared_mutex* what;

    using node = contender;
    bool take(node* to_queue) const noexcept { return what->take(true, to_queue); }
    bool forget(node& w) const noexcept { return what->leave(w); }
    shared_lock_type result() const noexcept { return shared_lock_type(*what); }
};

inline detail::queued<shared_mutex::locking> shared_mutex::lock() noexcept { return detail::queued(locking{this}); }
inline detail::queued<shared_mutex::sharing> shared_mutex::lock_shared() noexcept {
    return detail::queued(sharing{this});
}

}  // namespace braid
