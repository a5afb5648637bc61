#pragma once
// How a copy of a zygote becomes a worker: what exec and the launcher do for one that is started.

#include "process/descriptors.hpp"
#include "process/zygote_channel.hpp"

#include <span>
#include <vector>

#include <sys/types.h>

namespace braid::process_detail {

/// Beyond those of a worker.
inline constexpr int first_free_descriptor = 8;

struct forked_from {
    pid_t parent;          ///< the zygote's and ours
    unsigned depth;        ///< of this worker
    std::span<char> name;  ///< where the process list finds it
};

/// What cannot be done as asked is told to the parent, and ends the process. An exception that nobody catches ends it
/// as it would end one that was started: the zygote, of which this stack is a copy, is not to handle it.
[[noreturn]] void run_forked_worker(const fork_request& request, std::vector<unique_fd> descriptors,
                                    const forked_from& from) noexcept;

}  // namespace braid::process_detail
