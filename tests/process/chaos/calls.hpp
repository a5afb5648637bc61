#pragma once
// The callers of a chaos run: they make the calls that are planned, look at what comes back, and tell the judge.

#include "process/chaos/judge.hpp"
#include "process/chaos/transcript.hpp"

#include <braid/core/task.hpp>
#include <braid/process/process_pool.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace chaos {

/// What the callers of a round have in common.
struct callers {
    braid::process_pool& pool;
    judge& verdicts;
    transcript& printed;
    std::uint64_t seed;
    std::size_t calls;
    /// Of calls that have no deadline of their own. None: they have to end without.
    std::optional<std::chrono::microseconds> limit;
    bool prints = false;
    bool lines_are_told = false;
    bool has_initialiser = false;
    bool has_zygote = false;
    std::atomic<std::size_t> next = 0;
};

/// One call after the other, some at a time, until there is none left. Run on several threads at once.
braid::task<> make_calls(callers& c);

}  // namespace chaos
