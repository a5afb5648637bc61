#pragma once
// What runs calls for those who await them, whatever threads it has.

#include <braid/thread/detail/thread_call.hpp>

#include <string>

namespace braid::detail {

/// Threads: any.
class call_runner {
public:
    /// Throws: `closed`; `std::system_error` when it takes a new thread and there is none to be had.
    virtual void enqueue(thread_call& call) = 0;
    /// A queued call is dropped, a running one asked to stop.
    virtual void stop(thread_call& call, cancel_reason why) noexcept = 0;
    /// Calls are expected to be short: who waits for one may look out for its end.
    [[nodiscard]] virtual bool quick() const noexcept = 0;
    /// In words, for those who look at who waits for it.
    [[nodiscard]] virtual const std::string& name() const noexcept = 0;

protected:
    ~call_runner() = default;
};

}  // namespace braid::detail
