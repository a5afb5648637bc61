#pragma once
// The timers of a home, earliest first.
//
// A heap of four children a node, which share a line of the cache. It holds the times themselves, and beside each the
// number of a slot that says whose it is: sorting touches nothing but the heap, whose nodes lie side by side, and not
// the timers, which lie in frames all over the memory. A timer that is disarmed empties its slot; its entry stays until
// it has come to the top, or until such entries are the majority.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <boost/align/aligned_allocator.hpp>

namespace braid::detail {

using clock = std::chrono::steady_clock;

/// Something to happen at a point of time. Armed and disarmed on its home.
struct timer {
    clock::time_point at;
    void (*fire)(timer*) noexcept = nullptr;
    std::uint32_t slot = unarmed;
    static constexpr std::uint32_t unarmed = std::numeric_limits<std::uint32_t>::max();

    [[nodiscard]] bool armed() const noexcept { return slot != unarmed; }
};

/// Owns nothing. Threads: one at a time.
class timer_queue {
public:
    /// Timers that fire before those whom they woke get their turn.
    static constexpr std::uint32_t batch = 32;

    [[nodiscard]] bool empty() const noexcept { return armed_ == 0; }

    void arm(timer& t);
    void disarm(timer& t) noexcept;

    /// When the next one is due; `time_point::max()` when there is none.
    [[nodiscard]] clock::time_point earliest() noexcept;
    /// Fires those that are due by then, a batch at most. False when there may be more.
    bool fire_due(clock::time_point now) noexcept;

private:
    struct entry {
        clock::time_point at;
        std::uint32_t slot;
    };

    // Slots from here on are places in the batch that is being fired.
    static constexpr std::uint32_t first_in_batch = timer::unarmed - batch;

    std::uint32_t collect_due(clock::time_point now) noexcept;
    [[nodiscard]] bool nothing_left() const noexcept { return heap_.size() == top; }
    void drop_disarmed_top() noexcept;
    void remove_top() noexcept;
    void remove_disarmed() noexcept;
    void free_slot(std::uint32_t slot) noexcept { free_slots_.push_back(slot); }  // never more than there are slots
    void sift_up(std::size_t index) noexcept;
    void sift_down(std::size_t index) noexcept;

    // The top is at this place, so that the children of every node begin at a multiple of four.
    static constexpr std::size_t top = 3;

    std::vector<entry, boost::alignment::aligned_allocator<entry, 64>> heap_ = {{}, {}, {}};
    std::vector<timer*> slots_;              // by number; null where the timer was disarmed
    std::vector<std::uint32_t> free_slots_;  // without an entry in the heap
    std::array<timer*, batch> due_{};        // being fired; null where one was disarmed by another
    std::size_t armed_ = 0;
};

}  // namespace braid::detail
