#pragma once
// A loop in virtual time, for tests: a sleep costs nothing, an hour passes when nothing is ready, and a test in which
// nothing can happen any more fails at once, instead of hanging, and says who waits for what.

#include <braid/core/detail/root.hpp>
#include <braid/core/error.hpp>

#include <cstdint>
#include <optional>

namespace braid::testing {

/// Nothing is ready and no timer is armed: nobody will ever go on. Or something is always ready: no time passes. The
/// message says which, and shows every task and what it waits for.
class deadlock : public error {
public:
    using error::error;
};

struct virtual_options {
    /// With a seed, whatever is ready at one time runs in an order that is drawn from it: one of those that a program
    /// has to be right under. Without, in the order in which it became ready.
    std::optional<std::uint64_t> seed = std::nullopt;
};

/// Runs a task to its end on a loop of this thread, in virtual time, and gives its result. Time begins at the present
/// and stands still while anything is ready; then it jumps to the next timer.
/// Throws: what the task throws; `deadlock`, after the task has been cancelled and has unwound.
/// What is not part of it: file descriptors, other threads and processes. Nobody waits for them: time jumps, or the
/// loop is at a deadlock, although something may be on its way.
template <class T>
T run_virtual(task<T> work, virtual_options options = {});

// Implementation

namespace detail {

using namespace braid::detail;

/// `start(home)` starts one root, and sets `ended` when it has.
class virtual_loop {
public:
    explicit virtual_loop(virtual_options options);
    virtual_loop(const virtual_loop&) = delete;
    virtual_loop& operator=(const virtual_loop&) = delete;
    ~virtual_loop();

    void run(root work, const bool& ended);

private:
    struct parts;
    std::unique_ptr<parts> parts_;
};

}  // namespace detail

template <class T>
T run_virtual(task<T> work, virtual_options options) {
    detail::result_slot<T> slot;
    {
        detail::virtual_loop loop(options);
        bool ended = false;
        loop.run(detail::run_root(std::move(work), &slot, [&ended] { ended = true; }), ended);
    }
    return slot.take();
}

}  // namespace braid::testing
