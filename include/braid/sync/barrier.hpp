#pragma once
// barrier: so many go on together, round after round.

#include <braid/core/error.hpp>
#include <braid/sync/detail/queued.hpp>

#include <cstddef>

namespace braid {

/// A barrier was aborted, or reset while one waited there.
class broken_barrier : public error {
public:
    using error::error;
};

/// Threads: any. Lifetime: it must outlive those who wait.
class barrier {
    struct arrival;
    struct arriving;

public:
    /// Throws: `usage_error` unless parties > 0.
    explicit barrier(std::ptrdiff_t parties);
    barrier(const barrier&) = delete;
    barrier& operator=(const barrier&) = delete;

    /// `co_await b.arrive_and_wait()` waits until all parties of this round have come, and is true for one of them, the
    /// last. Cancellation: takes the arrival back; the others go on waiting for somebody in its place.
    /// Throws: `broken_barrier`.
    detail::queued<arriving> arrive_and_wait() noexcept;
    /// For plain threads.
    bool arrive_and_wait_blocking();

    /// Breaks it: all who wait, and all who come until it is reset, get `broken_barrier`.
    void abort() noexcept;
    /// Those who wait get `broken_barrier`; a new round begins.
    void reset() noexcept;

    [[nodiscard]] bool is_broken() const noexcept;
    [[nodiscard]] std::ptrdiff_t parties() const noexcept { return parties_; }
    /// How many wait there: a snapshot.
    [[nodiscard]] std::ptrdiff_t waiting() const noexcept;

private:
    enum class outcome : unsigned char { together, last, broken };

    bool take(outcome& how, arrival* to_queue) noexcept;
    bool leave(arrival& w) noexcept;
    void break_round(bool stays_broken) noexcept;

    const std::ptrdiff_t parties_;
    mutable detail::waiting_room<arrival> room_;
    std::ptrdiff_t waiting_ = 0;  // inside room_
    bool broken_ = false;         // inside room_
};

// Implementation

struct barrier::arrival : detail::waiter {
    outcome* how = nullptr;  // written before the wake-up

protected:
    ~arrival() = default;
};

struct barrier::arriving {
    barrier* where;
    outcome how = outcome::together;

    using node = arrival;
    bool take(node* to_queue) noexcept { return where->take(how, to_queue); }
    bool forget(node& w) const noexcept { return where->leave(w); }
    bool result() const {
        if (how == outcome::broken) throw broken_barrier("the barrier was aborted, or reset while one waited there");
        return how == outcome::last;
    }
};

inline detail::queued<barrier::arriving> barrier::arrive_and_wait() noexcept { return detail::queued(arriving{this}); }

}  // namespace braid
