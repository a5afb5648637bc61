#include <braid/sync/barrier.hpp>

#include <fmt/format.h>

namespace braid {

barrier::barrier(std::ptrdiff_t parties) : parties_(parties) {
    if (parties <= 0) throw usage_error(fmt::format("a barrier cannot be for {} parties", parties));
}

bool barrier::arrive_and_wait_blocking() {
    return detail::wait_blocking(arriving{this}, "barrier::arrive_and_wait_blocking", "co_await arrive_and_wait()");
}

void barrier::abort() noexcept { break_round(true); }
void barrier::reset() noexcept { break_round(false); }

bool barrier::is_broken() const noexcept {
    const detail::section inside = room_.enter();
    return broken_;
}

std::ptrdiff_t barrier::waiting() const noexcept {
    const detail::section inside = room_.enter();
    return waiting_;
}

bool barrier::take(outcome& how, arrival* to_queue) noexcept {
    detail::list<arrival> together;
    {
        const detail::section inside = room_.enter();
        if (broken_) {
            how = outcome::broken;
            return true;
        }
        if (waiting_ + 1 < parties_) {
            if (to_queue) {
                to_queue->how = &how;
                room_.queue.push(*to_queue);
                ++waiting_;
            }
            return false;
        }
        how = outcome::last;
        waiting_ = 0;
        room_.queue.move_to(together);
    }
    detail::wake_all(together);
    return true;
}

bool barrier::leave(arrival& w) noexcept {
    const detail::section inside = room_.enter();
    const bool left = room_.queue.remove(w);
    if (left) --waiting_;
    return left;
}

void barrier::break_round(bool stays_broken) noexcept {
    detail::list<arrival> released;
    {
        const detail::section inside = room_.enter();
        broken_ = stays_broken;
        waiting_ = 0;
        room_.queue.move_to(released);
    }
    while (arrival* a = released.pop_front()) {
        *a->how = outcome::broken;
        a->wake();
    }
}

}  // namespace braid
