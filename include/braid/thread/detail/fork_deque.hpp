#pragma once
// The forked children of a worker that nobody has begun yet: the worker takes the youngest back, thieves the oldest.
// Source: Chase and Lev, Dynamic circular work-stealing deque, SPAA 2005, with sequentially consistent operations where
// the paper has fences, which the thread sanitizer does not know.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace braid::detail {

struct promise_base;

/// The oldest children are public; what lies above is the owner's alone, who takes it back without a barrier. There are
/// always some public ones, if there are any, so that thieves find enough until the owner looks here again.
class fork_deque {
public:
    fork_deque() : ring_(own_ring(first_capacity)) {}
    fork_deque(const fork_deque&) = delete;
    fork_deque& operator=(const fork_deque&) = delete;

    /// The owner only.
    void push(promise_base* child) {
        const std::int64_t bottom = bottom_;
        const std::int64_t top = top_.load(std::memory_order_relaxed);
        ring* r = ring_.load(std::memory_order_relaxed);
        if (bottom - top >= r->capacity()) [[unlikely]]
            r = make_room(top);
        r->at(bottom).store(child, std::memory_order_relaxed);
        bottom_ = bottom + 1;
        publish(top, bottom + 1);
    }

    /// The youngest, or null. The owner only.
    promise_base* pop() noexcept {
        const std::int64_t last = bottom_ - 1;
        if (last < split_.load(std::memory_order_relaxed)) return pop_public(last);
        bottom_ = last;
        publish(top_.load(std::memory_order_relaxed), last);
        return ring_.load(std::memory_order_relaxed)->at(last).load(std::memory_order_relaxed);
    }

    /// The oldest; null when there is none, or when somebody else was quicker. Threads: any.
    promise_base* steal() noexcept {
        std::int64_t top = top_.load(std::memory_order_seq_cst);
        if (top >= split_.load(std::memory_order_seq_cst)) return nullptr;
        promise_base* child = ring_.load(std::memory_order_acquire)->at(top).load(std::memory_order_relaxed);
        if (!top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst)) return nullptr;
        return child;
    }

    /// A look, out of date as soon as it is there. Threads: any.
    [[nodiscard]] bool empty() const noexcept {
        return top_.load(std::memory_order_seq_cst) >= split_.load(std::memory_order_seq_cst);
    }

private:
    static constexpr std::int64_t first_capacity = 256;
    static constexpr std::int64_t enough_for_thieves = 4;

    class ring {
    public:
        explicit ring(std::int64_t capacity)
            : mask_(capacity - 1), slots_(new std::atomic<promise_base*>[static_cast<std::size_t>(capacity)]) {}
        [[nodiscard]] std::int64_t capacity() const noexcept { return mask_ + 1; }
        std::atomic<promise_base*>& at(std::int64_t index) noexcept {
            return slots_[static_cast<std::size_t>(index & mask_)];
        }

    private:
        std::int64_t mask_;
        std::unique_ptr<std::atomic<promise_base*>[]> slots_;
    };

    ring* own_ring(std::int64_t capacity) {
        rings_.push_back(std::make_unique<ring>(capacity));
        return rings_.back().get();
    }
    ring* make_room(std::int64_t top);

    void publish(std::int64_t top, std::int64_t bottom) noexcept {
        const std::int64_t split = split_.load(std::memory_order_relaxed);
        if (split - top < enough_for_thieves && split < bottom) [[unlikely]]
            split_.store(std::min(bottom, top + enough_for_thieves), std::memory_order_release);
    }
    promise_base* pop_public(std::int64_t last) noexcept;

    // The owner's.
    std::vector<std::unique_ptr<ring>> rings_;  // the old ones too: a thief may be looking at one
    std::atomic<ring*> ring_;
    std::int64_t bottom_ = 0;
    std::atomic<std::int64_t> split_ = 0;  // public below; written by the owner

    alignas(64) std::atomic<std::int64_t> top_ = 0;
};

}  // namespace braid::detail
