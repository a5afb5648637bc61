#pragma once
// The steps of the talk between a parent and its workers, as places at which a test lets one of them die: after so many
// bytes of a step that moves bytes, at the so many-th time of one that does not. A program that does not define the
// function below has nothing here but a comparison with null.

#include <cstddef>
#include <cstdint>

namespace braid::process_detail {

enum class step : std::uint8_t {
    // Of a worker:
    reads_requests,
    starts_call,    // it is marked as running
    commits_reply,  // to the buffer that outlives it
    finishes_call,  // its reply is committed
    finished_call,  // it is marked as done
    writes_replies,
    leaves,
    gives_beside,  // descriptors or memory with a result, which is not committed
    // Of a parent:
    launches,
    starts_process,  // it exists, and nobody knows it yet
    watches,
    writes_requests,
    reads_replies,
    takes_reply,
    ends_worker,
    buries,
    // Of a parent whose worker takes its time with a batch:
    splits_batch,  // the worker is told, and may have ended
    // Of a parent that sends descriptors or memory, and gets some:
    sends_beside,  // the request is not sent
    takes_beside,  // with the result at hand
    // Of a zygote:
    preloads,    // it is about to
    takes_fork,  // a request is its own, and nothing is made yet
    forked,      // the worker exists, and nobody is told
    // Of a worker that was forked:
    is_forked,  // it is not a worker yet
    // Of a parent with a zygote:
    asks_zygote,
    hears_zygote,
    adopts_worker,  // it exists, and nobody watches it
};

}  // namespace braid::process_detail

/// How many of the `wanted` bytes may be moved now: at least one, unless it does not return. `moved` tells what was.
extern "C" [[gnu::weak]] std::size_t braid_fault_point(braid::process_detail::step at, std::size_t wanted,
                                                       std::size_t moved) noexcept;

namespace braid::process_detail {

inline std::size_t before(step at, std::size_t wanted) noexcept {
    return braid_fault_point ? braid_fault_point(at, wanted, 0) : wanted;
}

inline void after(step at, std::size_t moved) noexcept {
    if (braid_fault_point) braid_fault_point(at, 0, moved);
}

inline void pass(step at) noexcept {
    if (!braid_fault_point) return;
    before(at, 1);
    after(at, 1);
}

}  // namespace braid::process_detail
