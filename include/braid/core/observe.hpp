#pragma once
// The hooks of those who look at a program while it runs. Null, at the price of a branch a turn, when nobody looks.

#include <braid/core/detail/home.hpp>

#include <atomic>

namespace braid::detail {

/// Is told of each piece of work that any home runs, on the thread that runs it.
class work_observer {
public:
    virtual void begins(work& w) noexcept = 0;
    virtual void ended() noexcept = 0;

protected:
    ~work_observer() = default;
};

/// Whoever is installed here stays for ever: it may be told of work when it has just been taken away.
inline constinit std::atomic<work_observer*> the_work_observer{nullptr};

}  // namespace braid::detail
