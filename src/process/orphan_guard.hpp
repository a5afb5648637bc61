#pragma once
// Ends a worker whose parent is gone, even if the worker is deep in a computation: a thread that does nothing but wait
// for the end of the control pipe. The kernel's parent-death signal does the same; this one also holds where that is
// lost (a worker that changes its credentials), and takes the worker's children along.

#include "process/descriptors.hpp"

#include <functional>
#include <thread>

namespace braid::process_detail {

/// Threads: built and destroyed by one thread.
class orphan_guard {
public:
    /// Takes over the reading end of a pipe whose only writing end is the parent's. When something arrives in it,
    /// `nudged` is called on the guard's thread.
    /// When the writing end closes, the process ends at once by SIGKILL, with its whole group if it leads one.
    /// Throws: std::system_error if there is no descriptor or thread left.
    explicit orphan_guard(unique_fd control, std::function<void()> nudged = [] {});
    orphan_guard(const orphan_guard&) = delete;
    orphan_guard& operator=(const orphan_guard&) = delete;
    /// Stops guarding. Waits for the thread, which is never busy.
    ~orphan_guard();

private:
    void run() const;

    const unique_fd control_;
    const std::function<void()> nudged_;
    const unique_fd stop_event_;
    std::thread thread_;
};

}  // namespace braid::process_detail
