#pragma once
// semaphore: at most n at a time. Waiting suspends the coroutine, never the thread, and is first come, first served.

#include <braid/sync/detail/queued.hpp>

#include <cstddef>
#include <utility>

namespace braid {

class semaphore;

/// One permit of a semaphore, given back when it is destroyed. Move-only; may be given back on any thread.
class [[nodiscard("a permit that is dropped is given back at once: keep it while the work lasts")]] permit {
public:
    permit() noexcept = default;
    permit(permit&& other) noexcept : from_(std::exchange(other.from_, nullptr)) {}
    permit& operator=(permit&& other) noexcept {
        permit(std::move(other)).swap(*this);
        return *this;
    }
    ~permit() { release(); }
    void swap(permit& other) noexcept { std::swap(from_, other.from_); }

    /// Gives it back now; no effect when there is nothing to give back.
    void release() noexcept;
    /// Leaves it taken: somebody will give it back by `semaphore::release`.
    void detach() noexcept { from_ = nullptr; }
    [[nodiscard]] explicit operator bool() const noexcept { return from_ != nullptr; }

private:
    friend class semaphore;
    explicit permit(semaphore& from) noexcept : from_(&from) {}

    semaphore* from_ = nullptr;
};

/// A bounded number of permits: giving back more than were taken is an error. Threads: any. Lifetime: it must outlive
/// its permits and those who wait.
class semaphore {
    struct acquiring;

public:
    /// Throws: `usage_error` unless 0 <= permits <= limit and 0 < limit.
    explicit semaphore(std::ptrdiff_t permits) : semaphore(permits, permits) {}
    /// `limit` is the number of permits that there may be at most; the rest is out when it begins.
    semaphore(std::ptrdiff_t permits, std::ptrdiff_t limit);
    semaphore(const semaphore&) = delete;
    semaphore& operator=(const semaphore&) = delete;

    /// `co_await s.acquire()` gives a `permit`.
    /// Cancellation: takes the waiter out of the queue; one that was served before keeps its permit.
    detail::queued<acquiring> acquire() noexcept;
    /// An empty permit when there is none left. It never overtakes those who wait.
    permit try_acquire() noexcept;
    /// For plain threads.
    permit acquire_blocking();

    /// Gives back permits that were detached. Throws: `usage_error` for a negative number and for more than are out.
    void release(std::ptrdiff_t count = 1);

    /// Permits that nobody holds: a snapshot.
    [[nodiscard]] std::ptrdiff_t available() const noexcept;

private:
    friend class permit;

    bool take(detail::waiter* to_queue) noexcept;
    void give_back() noexcept;
    void hand_out(std::ptrdiff_t count, detail::list<detail::waiter>& served) noexcept;  // inside room_

    const std::ptrdiff_t limit_;
    mutable detail::waiting_room<> room_;
    std::ptrdiff_t available_;  // inside room_; 0 while somebody waits
};

// Implementation

inline void permit::release() noexcept {
    if (semaphore* from = std::exchange(from_, nullptr)) from->give_back();
}

struct semaphore::acquiring {
    semaphore* from;

    using node = detail::waiter;
    bool take(node* to_queue) const noexcept { return from->take(to_queue); }
    bool forget(node& w) const noexcept { return from->room_.leave(w); }
    permit result() const noexcept { return permit(*from); }
};

inline detail::queued<semaphore::acquiring> semaphore::acquire() noexcept { return detail::queued(acquiring{this}); }

inline bool semaphore::take(detail::waiter* to_queue) noexcept {
    const detail::section inside = room_.enter();
    if (available_ > 0) {
        --available_;
        return true;
    }
    if (to_queue) room_.queue.push(*to_queue);
    return false;
}

inline permit semaphore::try_acquire() noexcept { return take(nullptr) ? permit(*this) : permit(); }

}  // namespace braid
