#pragma once
// What the calls of a chaos run do in the workers, and how each may end.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <braid/core/task.hpp>

namespace chaos {

enum class deed : std::uint8_t {
    answer,         ///< with text that follows from the call
    take_time,      ///< and stop when asked to
    take_time_on,   ///< and not stop when asked to
    hold_memory,    ///< while it runs
    fail,           ///< by an exception
    crash,          ///< by a signal
    leave,          ///< the process, by exit
    answer_as_task  ///< from a coroutine
};

/// One call, as it travels.
struct errand {
    std::string counter;  ///< path of the run_counter
    std::size_t number = 0;
    deed what = deed::answer;
    std::string text = {};
    std::size_t reply_size = 0;
    std::chrono::microseconds time{};
    std::size_t memory = 0;  ///< bytes
};

[[nodiscard]] std::string text_for(std::size_t number, std::size_t size);

// In the worker:
std::string run_errand(const errand& e);
braid::task<std::string> run_errand_as_task(errand e);

/// What the caller does about a call. All of it follows from the seed and the number.
struct plan {
    deed what = deed::answer;
    std::size_t size_there = 0;
    std::size_t size_back = 0;
    std::chrono::microseconds time{};
    std::size_t memory = 0;
    std::chrono::microseconds limit{};                           ///< its deadline: every call has one
    std::optional<std::chrono::microseconds> cancel_after = {};  ///< else it is waited for
    unsigned retries = 0;
};

[[nodiscard]] plan plan_of(std::uint64_t seed, std::size_t number);

}  // namespace chaos
