#pragma once
// What the calls of a chaos run do in the workers.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include <braid/core/task.hpp>
#include <braid/process/descriptor.hpp>
#include <braid/process/shared_bytes.hpp>

namespace chaos {

enum class deed : std::uint8_t {
    answer,        ///< with text that follows from the call
    take_time,     ///< and stop when asked to
    take_time_on,  ///< and not stop when asked to
    hold_memory,   ///< while it runs
    fail,          ///< by an exception
    crash,         ///< by a signal
    leave          ///< the process, by exit
};

/// One call, or one item of a map, as it travels.
struct errand {
    std::string counter;     ///< path of the run_counter
    std::size_t number = 0;  ///< of the call or item there
    deed what = deed::answer;
    std::string text = {};
    std::size_t reply_size = 0;
    std::chrono::microseconds time{};
    std::size_t memory = 0;       ///< bytes
    std::size_t file_size = 0;    ///< of the text that its file holds
    std::size_t lines = 0;        ///< to print, on either stream
    std::uint64_t prepared = 0;   ///< what the worker's initialiser was given; 0: it has none
    std::uint64_t preloaded = 0;  ///< what the zygote was given; 0: there is none
};

[[nodiscard]] std::string text_for(std::size_t number, std::size_t size);
/// The line that an errand prints as its so many-th.
[[nodiscard]] std::string line_for(std::size_t number, std::size_t line);

// In the worker. Each throws std::logic_error for anything that did not arrive as it was sent.

/// What the initialiser and the zygote of a round run.
void prepare(std::uint64_t with);
void preload(std::uint64_t with);

std::string run_errand(const errand& e);
braid::task<std::string> run_errand_as_task(errand e);

/// The file holds text for the errand; the answer is written behind it, and the file given back.
braid::descriptor answer_in_file(const errand& e, braid::descriptor file);
/// The same in memory.
braid::shared_bytes answer_in_memory(const errand& e, braid::shared_bytes memory);
/// In memory that the worker makes.
braid::shared_bytes answer_in_new_memory(const errand& e);

struct item_text {
    std::size_t number = 0;
    std::string text;
};
item_text run_item(const errand& e);
struct item_file {
    std::size_t number = 0;
    braid::descriptor file;
};
item_file run_item_in_file(const errand& e, const braid::descriptor& file);

}  // namespace chaos
