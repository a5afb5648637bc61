#pragma once
// Holds what befell the workers of a round against what was done to them: a call may only be lost to a worker that was
// really harmed, or of its own doing, and in the way that fits.

#include "process/chaos/errand.hpp"

#include <braid/process/error.hpp>
#include <braid/process/pool_stats.hpp>

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace chaos {

/// What was done to one worker from outside.
struct harm {
    bool killed = false;
    bool stopped = false;  ///< for a while, or for good
    bool starved = false;
    bool slowed = false;
};
using harm_by_pid = std::map<int, harm>;

/// What a caller was told of a worker.
struct testimony {
    std::size_t number = 0;  ///< of the call or item
    deed what = deed::answer;
    int pid = -1;
    braid::death_reason reason = braid::death_reason::unknown;
    std::optional<int> signal = {};
    std::optional<int> exit_code = {};
};
/// A call that failed for want of memory.
struct want {
    std::size_t number = 0;
    int pid = -1;
};

/// What cannot be right about the deaths.
[[nodiscard]] std::vector<std::string> inquire(const std::vector<testimony>& deaths, const std::vector<want>& wants,
                                               const harm_by_pid& done, const braid::worker_ends& ended);

}  // namespace chaos
