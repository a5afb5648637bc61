#pragma once
// A lock for a few instructions at a time, taken and given up inline: one atomic operation each, where std::mutex takes
// a call into the C library as well, which is half of what the queue of a pool or of a primitive costs.

#include <atomic>

namespace braid::detail {

/// Threads: any. Whoever does not get it sleeps on a futex. Neither fair nor recursive.
/// Source: Drepper, Futexes Are Tricky, mutex 2.
class short_mutex {
public:
    void lock() noexcept {
        int now = free;
        if (!state_.compare_exchange_strong(now, held, std::memory_order_acquire, std::memory_order_relaxed))
            [[unlikely]]
            wait_and_lock();
    }
    void unlock() noexcept {
        if (state_.exchange(free, std::memory_order_release) == waited_for) [[unlikely]]
            wake_one();
    }

private:
    void wait_and_lock() noexcept;
    void wake_one() noexcept;

    static constexpr int free = 0;
    static constexpr int held = 1;
    static constexpr int waited_for = 2;  // held, and somebody may sleep
    std::atomic<int> state_ = free;
};

}  // namespace braid::detail
