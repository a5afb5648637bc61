#pragma once
// What a process_pool is doing.

#include <braid/process/error.hpp>
#include <braid/process/time_histogram.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace braid {

struct worker_stats {
    enum class state : unsigned char { starting, idle, busy, leaving };

    int pid = -1;  ///< -1 while there is no process yet
    state at = state::starting;
    std::uint64_t calls = 0;                   ///< answered; a batch of a map is one
    std::size_t in_flight = 0;                 ///< running or sent ahead
    std::string call = {};                     ///< that it is running, if it is
    std::chrono::microseconds age{};           ///< of that call, since it began
    std::optional<std::uint64_t> memory = {};  ///< bytes that it holds now
};

/// Why workers ended.
struct worker_ends {
    std::uint64_t died_of_calls = 0;   ///< each of these was somebody's worker_died
    std::uint64_t died_idle = 0;       ///< without a call, or before they could take one (`death_reason::unfit`)
    std::uint64_t broke_protocol = 0;  ///< without a call, killed because what they sent made no sense
    std::uint64_t stopped_calls = 0;   ///< killed because a cancelled call did not stop
    std::uint64_t calls_used_up = 0;   ///< calls_per_worker
    std::uint64_t memory_used_up = 0;  ///< memory_per_worker
    std::uint64_t not_needed = 0;  ///< idle_time, a resize, or the end of the pool: close, terminate, its destructor

    /// The reasons of those who died, of calls or idle.
    std::array<std::uint64_t, death_reasons> deaths = {};
    [[nodiscard]] std::uint64_t died_of(death_reason reason) const noexcept {
        return deaths[static_cast<std::size_t>(reason)];
    }
};

struct pool_stats {
    std::size_t queued = 0;         ///< calls in the queue, which no worker has yet
    std::size_t awaiting_room = 0;  ///< the same, outside of a queue that has max_queued
    std::size_t in_flight = 0;      ///< calls that workers have
    std::uint64_t answered = 0;     ///< calls; a batch of a map is one, whatever it has of items
    std::uint64_t started = 0;      ///< workers, so far
    worker_ends ended = {};

    // Of the calls that were answered, but `ran` also of those whose answer is still to come, and of each item of a
    // map:
    time_histogram waited = {};  ///< from its submission until a worker was given it
    time_histogram ran = {};     ///< in the worker, from its arguments' bytes to its result's
    /// On the way there and back, and waiting for loops that were busy. Measured for each batch, so that calls
    /// which go together count the same.
    time_histogram travelled = {};

    std::vector<worker_stats> workers = {};
};

[[nodiscard]] const char* to_string(worker_stats::state state) noexcept;

}  // namespace braid
