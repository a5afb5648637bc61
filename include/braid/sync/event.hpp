#pragma once
// event: something has happened. All who wait go on, and whoever comes later need not wait.

#include <braid/sync/detail/queued.hpp>

namespace braid {

/// Threads: any. Lifetime: it must outlive those who wait.
class event {
    struct waiting;

public:
    /// `set` is how it begins.
    explicit event(bool set = false) noexcept : set_(set) {}
    event(const event&) = delete;
    event& operator=(const event&) = delete;

    /// `co_await e.wait()`
    detail::queued<waiting> wait() noexcept;
    /// For plain threads.
    void wait_blocking();

    /// It has happened. Twice: no effect.
    void set() noexcept;
    /// It has not happened, or is to happen again: whoever comes from now on waits. Those who were woken stay so.
    void clear() noexcept;
    [[nodiscard]] bool is_set() const noexcept;

private:
    bool take(detail::waiter* to_queue) noexcept;

    mutable detail::waiting_room<> room_;
    bool set_;  // inside room_
};

// Implementation

struct event::waiting {
    event* what;

    using node = detail::waiter;
    bool take(node* to_queue) const noexcept { return what->take(to_queue); }
    bool forget(node& w) const noexcept { return what->room_.leave(w); }
    void result() const noexcept {}
};

inline detail::queued<event::waiting> event::wait() noexcept { return detail::queued(waiting{this}); }

inline bool event::take(detail::waiter* to_queue) noexcept {
    const detail::section inside = room_.enter();
    if (!set_ && to_queue) room_.queue.push(*to_queue);
    return set_;
}

}  // namespace braid
