#pragma once
// The values of a channel: a ring in one block of memory that grows and is reused. Its two ends do not meet in memory
// while there is something between them.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

namespace braid::detail {

/// Keeps what two threads write in different cache lines, so that neither waits for the memory of the other. By
/// distance, not by alignment: a coroutine's frame, in which it may lie, has none beyond the default.
struct cache_gap {
    std::byte unused[64];
};

/// First in, first out. Threads: one may push while another pops; `grow` and `size` want neither.
template <class T>
class ring {
public:
    ring() = default;
    ring(const ring&) = delete;
    ring& operator=(const ring&) = delete;
    ~ring() {
        for (std::size_t i = head_.at.load(); i != tail_.at.load(); ++i) std::destroy_at(slot(i));
        std::allocator<T>().deallocate(block_, slots_);
    }

    /// False, and the value stays, when `limit` are inside or the memory is full.
    bool push(T& value, std::size_t limit) noexcept {
        const std::size_t tail = tail_.at.load(std::memory_order_relaxed);
        const std::size_t room = std::min(limit, slots_);
        if (tail - tail_.other >= room) {
            tail_.other = head_.at.load(std::memory_order_acquire);
            if (tail - tail_.other >= room) return false;
        }
        std::construct_at(slot(tail), std::move(value));
        tail_.at.store(tail + 1, std::memory_order_release);
        return true;
    }

    /// `take(T&&)` gets the first value. False when there is none.
    template <class Take>
    bool pop(Take take) noexcept {
        const std::size_t head = head_.at.load(std::memory_order_relaxed);
        if (head == head_.other) {
            head_.other = tail_.at.load(std::memory_order_acquire);
            if (head == head_.other) return false;
        }
        T* const first = slot(head);
        take(std::move(*first));
        std::destroy_at(first);
        head_.at.store(head + 1, std::memory_order_release);
        return true;
    }

    [[nodiscard]] std::size_t size() const noexcept { return tail_.at.load() - head_.at.load(); }

    /// Makes room for at least one more. Throws: bad_alloc.
    void grow_if_full() {
        if (size() < slots_) return;
        const std::size_t larger = slots_ == 0 ? 8 : slots_ * 2;  // a power of two
        T* const block = std::allocator<T>().allocate(larger);
        for (std::size_t i = head_.at.load(); i != tail_.at.load(); ++i) {
            std::construct_at(block + (i & (larger - 1)), std::move(*slot(i)));
            std::destroy_at(slot(i));
        }
        std::allocator<T>().deallocate(block_, slots_);
        block_ = block;
        slots_ = larger;
    }

private:
    struct end {
        std::atomic<std::size_t> at = 0;  // counts what went through
        std::size_t other = 0;            // where the other end was when this one last looked
        [[maybe_unused]] cache_gap gap;
    };

    T* slot(std::size_t i) const noexcept { return block_ + (i & (slots_ - 1)); }

    T* block_ = nullptr;
    std::size_t slots_ = 0;
    [[maybe_unused]] cache_gap gap_;
    end tail_;
    end head_;
};

}  // namespace braid::detail
