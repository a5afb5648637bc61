#pragma once
// The forked children of a worker that nobody has begun yet: the worker takes the youngest back, thieves the oldest.
// Source: Chase and Lev, Dynamic circular work-stealing deque, SPAA 2005, with sequentially consistent operations where
// the paper has fences, which the thread sanitizer does not know.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace braid::detail {

struct promise_base;

class fork_deque {
public:
    fork_deque() : ring_(own_ring(first_capacity)) {}
    fork_deque(const fork_deque&) = delete;
    fork_deque& operator=(const fork_deque&) = delete;

    /// The owner only.
    void push(promise_base* child) {
        const std::int64_t bottom = bottom_.load(std::memory_order_relaxed);
        ring* r = ring_.load(std::memory_order_relaxed);
        if (bottom - seen_top_ >= r->capacity()) [[unlikely]]
            r = make_room(bottom);
        r->at(bottom).store(child, std::memory_order_relaxed);
        bottom_.store(bottom + 1, std::memory_order_release);
    }

    /// The youngest, or null. The owner only.
    promise_base* pop() noexcept {
        const std::int64_t bottom = bottom_.load(std::memory_order_relaxed) - 1;
        ring* r = ring_.load(std::memory_order_relaxed);
        bottom_.store(bottom, std::memory_order_seq_cst);
        std::int64_t top = top_.load(std::memory_order_seq_cst);
        if (top < bottom) [[likely]]
            return r->at(bottom).load(std::memory_order_relaxed);
        promise_base* last = nullptr;
        if (top == bottom) {
            last = r->at(bottom).load(std::memory_order_relaxed);
            if (!top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst)) last = nullptr;
        }
        bottom_.store(bottom + 1, std::memory_order_relaxed);
        return last;
    }

    /// The oldest; null when there is none, or when somebody else was quicker. Threads: any.
    promise_base* steal() noexcept {
        std::int64_t top = top_.load(std::memory_order_seq_cst);
        const std::int64_t bottom = bottom_.load(std::memory_order_seq_cst);
        if (top >= bottom) return nullptr;
        promise_base* child = ring_.load(std::memory_order_acquire)->at(top).load(std::memory_order_relaxed);
        if (!top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst)) return nullptr;
        return child;
    }

    /// A look, out of date as soon as it is there. Threads: any.
    [[nodiscard]] bool empty() const noexcept {
        return top_.load(std::memory_order_seq_cst) >= bottom_.load(std::memory_order_seq_cst);
    }

private:
    static constexpr std::int64_t first_capacity = 256;

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
    ring* make_room(std::int64_t bottom);

    // The owner's.
    std::vector<std::unique_ptr<ring>> rings_;  // the old ones too: a thief may be looking at one
    std::int64_t seen_top_ = 0;                 // top was at least that
    std::atomic<ring*> ring_;
    std::atomic<std::int64_t> bottom_ = 0;

    alignas(64) std::atomic<std::int64_t> top_ = 0;
};

}  // namespace braid::detail
