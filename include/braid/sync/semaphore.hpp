#pragma once
// semaphore: at most n at a time. Waiting suspends the coroutine, never the thread, and is first come, first served.

#include <braid/sync/detail/waiter.hpp>

#include <cstddef>
#include <mutex>
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

/// A number of permits. Threads: any. Lifetime: it must outlive its permits and those who wait.
class semaphore {
    class acquire_operation;
    struct acquire_awaitable;

public:
    /// Throws: `usage_error` unless 0 <= permits <= limit and 0 < limit.
    explicit semaphore(std::ptrdiff_t permits) : semaphore(permits, permits) {}
    /// `limit` is the number of permits that there may be at most; the rest is out when it begins.
    semaphore(std::ptrdiff_t permits, std::ptrdiff_t limit);
    semaphore(const semaphore&) = delete;
    semaphore& operator=(const semaphore&) = delete;

    /// `co_await s.acquire()` gives a `permit`.
    /// Cancellation: takes the waiter out of the queue; one that was served before keeps its permit.
    [[nodiscard]] acquire_awaitable acquire() noexcept;
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
    class blocked_thread;

    bool take_or_queue(detail::waiter& w) noexcept;
    bool forget(detail::waiter& w) noexcept;
    void give_back() noexcept;
    void hand_out(std::ptrdiff_t count, detail::list<detail::waiter>& served) noexcept;  // under mutex_

    const std::ptrdiff_t limit_;
    mutable std::mutex mutex_;
    std::ptrdiff_t available_;                    // under mutex_; 0 while somebody waits
    detail::wait_queue<detail::waiter> waiting_;  // under mutex_
};

// Implementation

inline void permit::release() noexcept {
    if (semaphore* from = std::exchange(from_, nullptr)) from->give_back();
}

class [[nodiscard]] semaphore::acquire_operation : public detail::operation, private detail::waiter {
public:
    explicit acquire_operation(semaphore& from) noexcept : from_(from) {}

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) noexcept {
        if (!enter(h)) return false;
        if (from_.take_or_queue(*this)) return give_way_if_due();
        listen();
        return true;
    }
    permit await_resume() const {
        throw_if_refused();
        if (stopped_) throw_cancelled();
        return permit(from_);
    }

private:
    void wake() noexcept override { complete(); }
    void on_cancel() noexcept override {
        if (!from_.forget(*this)) return;
        stopped_ = true;
        complete();
    }

    semaphore& from_;
    bool stopped_ = false;
};

struct [[nodiscard("acquire does nothing until it is awaited")]] semaphore::acquire_awaitable {
    semaphore& from;
    acquire_operation operator co_await() const noexcept { return acquire_operation(from); }
};

inline semaphore::acquire_awaitable semaphore::acquire() noexcept { return {*this}; }

}  // namespace braid
