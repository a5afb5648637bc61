#pragma once
// What a worker tells its parent of time: since when a call runs, how long calls ran, and how long they travelled.
// Reading the clock takes as long as a short call does: the processor's counter says when that can be put off.

#include "process/call_board.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace braid::process_detail {

/// Grows steadily, by an unknown rate of one or more a nanosecond.
inline std::uint64_t ticks() noexcept {
#if defined(__x86_64__)
    return __rdtsc();
#else
    return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
}

/// Threads: that which serves.
class call_clock {
public:
    using clock = std::chrono::steady_clock;

    explicit call_clock(board_client& board) noexcept : board_(board) {}

    /// Requests have been read. While the worker was busy, they waited for it.
    void requests_came() noexcept {
        next_begins(batch_began_ = clock::now());
        travelled_ = batch_began_ - std::max(board_.sent_at(), free_since_);
    }

    void call_ended() noexcept {
        const std::uint64_t now = ticks();
        ++unmeasured_;
        if (now - began_ticks_ >= short_span) return measure(now);
        last_ended_ticks_ = now;
    }

    /// A batch of a map, which is measured alone.
    void batch_begins() noexcept { measure(ticks()); }
    [[nodiscard]] std::chrono::nanoseconds batch_took() const noexcept { return clock::now() - began_; }
    void batch_ended(std::uint32_t items) noexcept {
        const auto now = clock::now();
        board_.count_runs(now - began_ - sending_, items);
        free_since_ = now;
        next_begins(now);
    }

    /// So much of the time of the call that runs went by because the parent did not read.
    void spent_on_sending(clock::duration time) noexcept { sending_ += time; }

    /// Whether what is finished has waited for long enough.
    [[nodiscard]] bool should_deliver() const noexcept { return free_since_ - batch_began_ > longest_batch; }
    void delivers() noexcept {
        measure(ticks());
        board_.delivers(free_since_, travelled_);
        batch_began_ = free_since_;
    }

private:
    static constexpr std::chrono::microseconds longest_batch{100};
    static constexpr std::uint64_t short_span =
        2'000;  // ticks, in which several calls may end before the clock is read

    void measure(std::uint64_t now_ticks) noexcept {
        if (unmeasured_ == 0) return;
        const auto now = clock::now();
        const std::chrono::nanoseconds ran = now - began_ - sending_;
        std::chrono::nanoseconds of_last = ran;
        if (unmeasured_ > 1) {
            const auto whole = static_cast<double>(std::max<std::uint64_t>(now_ticks - began_ticks_, 1));
            // The counters of two processors may differ.
            const double share = std::min(static_cast<double>(now_ticks - last_ended_ticks_) / whole, 1.0);
            of_last = std::chrono::nanoseconds(static_cast<std::int64_t>(static_cast<double>(ran.count()) * share));
            board_.count_runs(ran - of_last, unmeasured_ - 1);
        }
        board_.count_runs(of_last, 1);
        unmeasured_ = 0;
        free_since_ = now;
        next_begins(now);
    }

    void next_begins(clock::time_point now) noexcept {
        board_.starts_count_from(now);
        began_ = now;
        began_ticks_ = last_ended_ticks_ = ticks();
        travelled_ += std::exchange(sending_, {});
    }

    board_client& board_;
    clock::time_point batch_began_;       // of what is written together
    clock::time_point began_;             // the first call that is not measured
    clock::time_point free_since_;        // the last measured call's end
    clock::duration travelled_{};         // of what runs now: there, and back as far as it is sent before its end
    clock::duration sending_{};           // since began_
    std::uint64_t began_ticks_ = 0;       // at began_
    std::uint64_t last_ended_ticks_ = 0;  // when a call ended that is not measured
    std::uint32_t unmeasured_ = 0;
};

}  // namespace braid::process_detail
