#include <braid/thread/detail/fork_deque.hpp>

namespace braid::detail {

fork_deque::ring* fork_deque::make_room(std::int64_t bottom) {
    ring* full = ring_.load(std::memory_order_relaxed);
    seen_top_ = top_.load(std::memory_order_acquire);
    if (bottom - seen_top_ < full->capacity()) return full;
    ring* larger = own_ring(2 * full->capacity());
    for (std::int64_t i = seen_top_; i < bottom; ++i) {
        larger->at(i).store(full->at(i).load(std::memory_order_relaxed), std::memory_order_relaxed);
    }
    ring_.store(larger, std::memory_order_release);
    return larger;
}

}  // namespace braid::detail
