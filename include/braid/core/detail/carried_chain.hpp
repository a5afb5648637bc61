#pragma once
// The way of an exception that goes on on another thread. See await_chain.

#include <exception>
#include <source_location>
#include <vector>

namespace braid::detail {

class carried_chain {
public:
    /// On the thread that the exception leaves; null is none.
    void leave(const std::exception_ptr& error) noexcept;
    /// On the thread that it comes to, after `leave`, before it is rethrown there.
    void arrive(const std::exception_ptr& error) noexcept;

private:
    std::vector<std::source_location> awaits_;
};

}  // namespace braid::detail
