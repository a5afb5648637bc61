#pragma once
// condition: waits, with a mutex given up meanwhile, until somebody says that what it guards has changed.

#include <braid/core/detail/scoped.hpp>
#include <braid/sync/mutex.hpp>

#include <cstddef>
#include <limits>
#include <utility>

namespace braid {

/// Those who are notified stand in the queue of the mutex from then on, in the order in which they came: nobody wakes
/// only to wait again.
/// Cancellation: takes the waiter out of the queue, so that it uses up no notification; it has the mutex again before
/// `cancelled` is thrown. One that was notified before returns normally.
/// Threads: any. Lifetime: it must outlive those who wait.
class condition {
    struct sleeper;
    struct waiting;

public:
    condition() = default;
    condition(const condition&) = delete;
    condition& operator=(const condition&) = delete;

    /// `co_await c.wait(lock)`: gives up the mutex, waits for a notification, and has the mutex again, in `lock`.
    /// Throws: `usage_error` when `lock` holds nothing.
    detail::queued<waiting> wait(mutex::lock_type& lock);
    /// `co_await c.wait(lock, [&] { return !jobs.empty(); })`: until that is so. It is asked with the mutex held.
    template <class Predicate>
    task<> wait(mutex::lock_type& lock, Predicate until);
    /// For plain threads.
    void wait_blocking(mutex::lock_type& lock);
    template <class Predicate>
    void wait_blocking(mutex::lock_type& lock, Predicate until);

    /// Wakes the first who waits, so many, or all of them. Gives how many there were. Holding the mutex is not needed.
    std::size_t notify_one() noexcept { return notify(1); }
    std::size_t notify(std::size_t many) noexcept;
    std::size_t notify_all() noexcept { return notify(std::numeric_limits<std::size_t>::max()); }

private:
    static mutex& mutex_of(const mutex::lock_type& lock);
    void fall_asleep(sleeper& s) noexcept;
    bool stay_awake(sleeper& s) noexcept;

    detail::waiting_room<sleeper> room_;
};

// Implementation

struct condition::sleeper : detail::waiter {
    mutex* what = nullptr;
    bool asleep = false;  // inside room_; after that the mutex's queue may have it

    void stand_in_the_mutex_queue() noexcept {
        if (what->take(this)) wake();
    }

protected:
    ~sleeper() = default;
};

struct condition::waiting {
    condition* where;
    mutex* what;

    using node = sleeper;
    bool take(node* to_queue) const noexcept {
        if (!to_queue) return false;
        to_queue->what = what;
        where->fall_asleep(*to_queue);
        what->unlock();
        return false;
    }
    bool forget(node& s) const noexcept { return where->stay_awake(s); }
    void stopped(node& s) const noexcept { s.stand_in_the_mutex_queue(); }
    void result() const noexcept {}
};

inline detail::queued<condition::waiting> condition::wait(mutex::lock_type& lock) {
    return detail::queued(waiting{this, &mutex_of(lock)});
}

template <class Predicate>
task<> condition::wait(mutex::lock_type& lock, Predicate until) {
    BRAID_REQUIRE_SAFE_CALLABLE(Predicate);
    while (!until()) co_await wait(lock);
}

template <class Predicate>
void condition::wait_blocking(mutex::lock_type& lock, Predicate until) {
    while (!until()) wait_blocking(lock);
}

}  // namespace braid
