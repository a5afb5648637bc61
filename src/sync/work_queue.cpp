#include <braid/sync/work_queue.hpp>

#include <braid/core/error.hpp>

namespace braid::detail {

void pending_work::add() noexcept {
    const section inside = room_.enter();
    ++count_;
}

void pending_work::remove() noexcept {
    list<waiter> woken;
    {
        const section inside = room_.enter();
        if (--count_ == 0) room_.queue.move_to(woken);
    }
    wake_all(woken);
}

std::size_t pending_work::count() const noexcept {
    const section inside = room_.enter();
    return count_;
}

bool pending_work::waiting::take(node* to_queue) const noexcept {
    const section inside = what->room_.enter();
    if (what->count_ == 0) return true;
    if (to_queue) what->room_.queue.push(*to_queue);
    return false;
}

void pending_work::wait_none_blocking() {
    wait_blocking(waiting{this}, "work_queue::drained_blocking", "co_await drained()");
}

void pending_work::throw_done_twice() {
    throw usage_error("an item of a work_queue was marked done twice, or after it had been moved away");
}

}  // namespace braid::detail
