#pragma once
// What a caller can ask for the items that a process pool maps.

#include <braid/process/call_options.hpp>

#include <cstddef>

namespace braid {

struct map_options {
    /// For each item alike. `retries` counts for each of them.
    call_options call = {};
    /// Items that travel together, at most. Fewer do if they are large, if `call` has limits, which are for one item at
    /// a time, or if the pool replaces workers after so many calls: a sixteenth of `calls_per_worker` then. 0: as
    /// measured, so that a worker has some 200 us of work at a time, and long calls travel alone.
    std::size_t batch = 0;
    /// Items that are taken from the range ahead of the consumer, at most. 0: 64 for each worker, and more of those
    /// that take next to no time.
    std::size_t ahead = 0;
};

}  // namespace braid
