#pragma once
// What the callers of a chaos run do about each call. All of it follows from the seed and the number of the call.

#include "process/chaos/errand.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace chaos {

/// What is asked of the pool, and what travels.
enum class way : std::uint8_t {
    text,
    text_by_task,  ///< a coroutine in the worker
    text_if_room,  ///< or nothing, if the queue is full
    file,          ///< a descriptor there and back
    memory,        ///< shared bytes there and back
    new_memory,    ///< shared bytes back
    map,
    map_unordered,
    map_outcomes,
    map_files  ///< in order, each item with a descriptor there and back
};
[[nodiscard]] constexpr bool is_map(way w) { return w >= way::map; }

/// Of a call, or of an item of a map.
struct errand_plan {
    deed what = deed::answer;
    std::size_t size_there = 0;
    std::size_t size_back = 0;
    std::chrono::microseconds time{};
    std::size_t memory = 0;
};
[[nodiscard]] constexpr bool has_value(deed what) { return what < deed::fail; }

struct plan {
    way by = way::text;
    errand_plan errand = {};
    std::optional<std::chrono::microseconds> limit = {};         ///< of time; else the round says
    std::optional<std::chrono::microseconds> cancel_after = {};  ///< else it is waited for
    unsigned retries = 0;
    std::size_t lines = 0;

    // Of a map:
    std::size_t items = 0;
    std::size_t batch = 0;
    std::size_t ahead = 0;
    std::size_t enough = 0;  ///< items after which its consumer leaves, if there are so many
};

inline constexpr std::size_t most_items = 15;

[[nodiscard]] plan plan_of(std::uint64_t seed, std::size_t call);
[[nodiscard]] errand_plan plan_of_item(std::uint64_t seed, std::size_t call, std::size_t item);

/// Calls and items are counted together: each call has a number, and one for each item that it may have.
[[nodiscard]] constexpr std::size_t number_of(std::size_t call) { return call * (most_items + 1); }
[[nodiscard]] constexpr std::size_t number_of(std::size_t call, std::size_t item) { return number_of(call) + 1 + item; }

}  // namespace chaos
