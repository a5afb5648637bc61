#include <braid/sync/latch.hpp>

#include <braid/core/error.hpp>

#include <fmt/format.h>

namespace braid {

latch::latch(std::ptrdiff_t count) : count_(count), zero_(count == 0) {
    if (count < 0) throw usage_error(fmt::format("a latch cannot count down from {}", count));
}

// Whoever brings it to zero sets the event; nobody else touches the latch after its own step, so that it may go as soon
// as the event is set.
void latch::count_down(std::ptrdiff_t many) {
    if (many == 0) return;
    std::ptrdiff_t left = count_.load(std::memory_order_relaxed);
    do {
        if (many < 0 || many > left) {
            throw usage_error(fmt::format("a latch that expects {} more was counted down by {}", left, many));
        }
    } while (!count_.compare_exchange_weak(left, left - many, std::memory_order_acq_rel));
    if (left == many) zero_.set();
}

}  // namespace braid
