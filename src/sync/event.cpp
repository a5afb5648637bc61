#include <braid/sync/event.hpp>

namespace braid {

void event::wait_blocking() { detail::wait_blocking(waiting{this}, "event::wait_blocking", "co_await wait()"); }

void event::set() noexcept {
    detail::list<detail::waiter> woken;
    {
        const detail::section inside = room_.enter();
        set_ = true;
        room_.queue.move_to(woken);
    }
    detail::wake_all(woken);
}

void event::clear() noexcept {
    const detail::section inside = room_.enter();
    set_ = false;
}

bool event::is_set() const noexcept {
    const detail::section inside = room_.enter();
    return set_;
}

}  // namespace braid
