#pragma once
// The one place where a process is made. It costs the same however large the parent is: the child borrows the parent's
// memory until it runs its program (CLONE_VM | CLONE_VFORK), so nothing is copied, and a failure in the child is
// written straight into that memory.

#include "process/descriptors.hpp"

#include <cstdint>
#include <span>

#include <sys/types.h>

namespace braid::process_detail {

/// The child sees the parent's descriptor `parent` as number `child`. Every other descriptor above 2 is closed.
struct descriptor_mapping {
    int parent;
    int child;
};

/// Runs in the child between clone and exec, in the parent's memory: async-signal-safe calls only, no allocation, no
/// locks. Returns 0 or an errno.
using child_hook = int (*)(void* argument);

/// Everything the child needs. All of it is prepared before there is a child and must live until start_child returns.
struct start_plan {
    const char* path;     ///< what errors name, and what is run if `executable` is -1
    int executable = -1;  ///< an open binary (not a script) to run instead of a name
    const char* const* argv;
    const char* const* environment;
    std::span<const descriptor_mapping> descriptors;
    child_hook initialise = nullptr;
    void* initialise_argument = nullptr;
};

/// A process that runs and has not been reaped.
/// Lifetime: whoever owns this must see to it that the process is reaped (see `reaper`).
struct started_child {
    pid_t pid = -1;
    unique_fd pidfd;
    /// The parent's peak memory, in bytes, when the child was made. The kernel counts what a child borrows before exec
    /// as its own, so a child's `ru_maxrss` below this says nothing about the child.
    std::uint64_t borrowed_peak = 0;
};

/// Starts the program: its own process group, default signal handlers and an empty mask, and killed by the kernel when
/// the *thread* that called this ends. Blocks until the program runs or has failed to (some 50 us).
/// Throws: spawn_error, with nothing left behind.
[[nodiscard]] started_child start_child(const start_plan& plan);

}  // namespace braid::process_detail
