#pragma once
// The limit of a pool's queue: how many calls wait there, and those that wait until there is room.

#include <braid/process/detail/call.hpp>

#include <atomic>
#include <cstddef>

namespace braid::detail {

/// Threads: the pool's home, unless said otherwise.
class queue_room {
public:
    explicit queue_room(std::size_t most) noexcept : most_(most) {}

    [[nodiscard]] std::size_t most() const noexcept { return most_; }

    // Who counts: calls in the queue, those that wait outside, and those that somebody keeps a place for.
    // Threads: any.
    void enter() noexcept { calls_.fetch_add(1, std::memory_order_relaxed); }
    void leave() noexcept { calls_.fetch_sub(1, std::memory_order_relaxed); }
    /// False if it would be one too many: so nobody who waits outside is overtaken.
    bool try_enter() noexcept {
        std::size_t now = calls_.load(std::memory_order_relaxed);
        while (now < most_) {
            if (calls_.compare_exchange_weak(now, now + 1, std::memory_order_relaxed)) return true;
        }
        return false;
    }

    // First come, first served:
    void wait_outside(call_entry& entry) noexcept {
        outside_.push_back(entry);
        ++outside_size_;
    }
    void remove(call_entry& entry) noexcept {
        entry.unlink();
        --outside_size_;
    }
    /// Null if there is none.
    call_entry* next() noexcept {
        call_entry* entry = outside_.pop_front();
        if (entry) --outside_size_;
        return entry;
    }
    [[nodiscard]] std::size_t outside() const noexcept { return outside_size_; }

private:
    const std::size_t most_;
    std::atomic<std::size_t> calls_ = 0;
    list<call_entry> outside_;
    std::size_t outside_size_ = 0;
};

}  // namespace braid::detail
