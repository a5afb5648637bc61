#pragma once
// What the queue of a pool holds: one call, from its beginning to its end.

#include <braid/core/detail/job_state.hpp>
#include <braid/core/detail/list.hpp>

#include <atomic>
#include <exception>
#include <memory>
#include <mutex>

namespace braid::detail {

class thread_workers;
class worker;

/// One call. It is over when `finished` has been called, once: after `execute`, or instead of it when it was dropped.
class thread_call : public list_node {
public:
    [[nodiscard]] static bool asked_to_stop(void* call) noexcept { return static_cast<thread_call*>(call)->stopping(); }
    [[nodiscard]] bool stopping() const noexcept { return stopping_.load(std::memory_order_relaxed); }

protected:
    thread_call() = default;
    ~thread_call() = default;

    [[nodiscard]] bool over() const noexcept { return over_.load(std::memory_order_acquire); }
    /// After the end: it was taken out of the queue and never ran.
    [[nodiscard]] bool dropped() const noexcept { return dropped_; }
    [[nodiscard]] cancel_reason drop_reason() const noexcept { return why_; }

    /// From here on a stop of the call is passed on to the coroutine that it is.
    void pass_stop_to(const std::shared_ptr<remote_cancel>& coroutine) noexcept;

private:
    friend class thread_workers;
    friend class elastic_workers;
    friend class inner_task;

    /// Runs the function, or begins the coroutine. Without the lock, on a thread of the pool: `here`, if that has a
    /// home for coroutines. Gives whether it is over; otherwise `thread_workers::ended` is called, on this thread.
    virtual bool execute(worker* here) noexcept = 0;
    /// Tells whoever waits. Nothing of the call may be touched after it.
    virtual void finished() noexcept = 0;
    /// It will live on its worker after `execute`.
    [[nodiscard]] virtual bool lives() const noexcept { return false; }

    void ask_to_stop(cancel_reason why) noexcept;
    void drop(cancel_reason why) noexcept {
        stage_ = stage::left;
        why_ = why;
        dropped_ = true;
    }
    void tell_end() noexcept;

    enum class stage : unsigned char { queued, running, left };

    std::atomic<bool> stopping_ = false;
    std::atomic<bool> over_ = false;
    bool dropped_ = false;                     // with why_ written under the lock, read after the end
    stage stage_ = stage::queued;              // under the lock
    thread_call* came_before_ = nullptr;       // while it waits to be queued
    cancel_reason why_ = cancel_reason::user;  // under the lock; while it runs, under inner_mutex_
    std::mutex inner_mutex_;
    // The task that the call runs, under inner_mutex_: on a loop of its own, or living on the worker.
    std::shared_ptr<job_state_base> inner_;
    std::shared_ptr<remote_cancel> living_;
};

/// For as long as a call runs a task: a stop of the call is passed on to it.
class inner_task {
public:
    inner_task(thread_call& call, job_state_base& work);
    inner_task(const inner_task&) = delete;
    inner_task& operator=(const inner_task&) = delete;
    ~inner_task();

private:
    thread_call& call_;
};

/// What user code may not do unasked: pretend that its caller was cancelled.
[[nodiscard]] std::exception_ptr foreign_cancellation() noexcept;

}  // namespace braid::detail
