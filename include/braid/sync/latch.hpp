#pragma once
// latch: waits until a number of things has happened. It counts down once; see `barrier` for rounds.

#include <braid/sync/event.hpp>

#include <atomic>
#include <cstddef>

namespace braid {

/// Threads: any. Lifetime: it must outlive those who wait.
class latch {
public:
    /// Throws: `usage_error` for a negative number.
    explicit latch(std::ptrdiff_t count);
    latch(const latch&) = delete;
    latch& operator=(const latch&) = delete;

    /// That many more have happened. Throws: `usage_error` for a negative number and for more than are expected.
    void count_down(std::ptrdiff_t many = 1);

    /// `co_await l.wait()`
    [[nodiscard]] auto wait() noexcept { return zero_.wait(); }
    /// Counts down, now, and gives what is to be awaited. A wait that is cancelled stays counted.
    [[nodiscard]] auto arrive_and_wait() {
        count_down();
        return wait();
    }
    /// For plain threads.
    void wait_blocking() { zero_.wait_blocking(); }

    /// True when all has happened.
    [[nodiscard]] bool try_wait() const noexcept { return zero_.is_set(); }

private:
    std::atomic<std::ptrdiff_t> count_;
    event zero_;
};

}  // namespace braid
