#include <braid/thread/detail/fork_deque.hpp>

namespace braid::detail {

// Nothing is private: the youngest child may be stolen at this moment.
promise_base* fork_deque::pop_public(std::int64_t last) noexcept {
    split_.store(last, std::memory_order_seq_cst);
    std::int64_t top = top_.load(std::memory_order_seq_cst);
    promise_base* child = nullptr;
    if (top <= last) child = ring_.load(std::memory_order_relaxed)->at(last).load(std::memory_order_relaxed);
    if (top < last) {
        bottom_ = last;
        return child;
    }
    if (top == last && !top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst)) child = nullptr;
    split_.store(last + 1, std::memory_order_relaxed);  // empty, at bottom_
    return child;
}

fork_deque::ring* fork_deque::make_room(std::int64_t top) {
    ring* full = ring_.load(std::memory_order_relaxed);
    ring* larger = own_ring(2 * full->capacity());
    for (std::int64_t i = top; i < bottom_; ++i) {
        larger->at(i).store(full->at(i).load(std::memory_order_relaxed), std::memory_order_relaxed);
    }
    ring_.store(larger, std::memory_order_release);
    return larger;
}

}  // namespace braid::detail
