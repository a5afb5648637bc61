#include <braid/sync/once.hpp>

namespace braid {

bool once::is_done() const noexcept {
    const detail::section inside = room_.enter();
    return done_;
}

bool once::take(bool& mine, turn* to_queue) noexcept {
    const detail::section inside = room_.enter();
    if (done_) return true;
    if (!tried_) return tried_ = mine = true;
    if (to_queue) {
        to_queue->mine = &mine;
        room_.queue.push(*to_queue);
    }
    return false;
}

bool once::enter_blocking() {
    return detail::wait_blocking(entering{this}, "once::call_blocking", "co_await call(...)");
}

void once::end_attempt(bool done) noexcept {
    detail::list<turn> woken;
    {
        const detail::section inside = room_.enter();
        if (done) {
            done_ = true;
            room_.queue.move_to(woken);
        } else if (turn* next = room_.queue.pop()) {
            *next->mine = true;
            woken.push_back(*next);
        } else {
            tried_ = false;
        }
    }
    detail::wake_all(woken);
}

}  // namespace braid
