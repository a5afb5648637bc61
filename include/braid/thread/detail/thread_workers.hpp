#pragma once
// The threads of a pool and their queue.

#include <braid/core/detail/job_state.hpp>
#include <braid/core/detail/list.hpp>
#include <braid/sync/detail/waiter.hpp>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace braid::detail {

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

private:
    friend class thread_workers;
    friend class inner_task;

    /// Runs the function. Without the lock, on a thread of the pool.
    virtual void execute() noexcept = 0;
    /// Tells whoever waits. Nothing of the call may be touched after it.
    virtual void finished() noexcept = 0;

    enum class stage : unsigned char { queued, running, left };

    std::atomic<bool> stopping_ = false;
    std::atomic<bool> over_ = false;
    bool dropped_ = false;                     // with why_ written under the lock, read after the end
    stage stage_ = stage::queued;              // under the lock
    cancel_reason why_ = cancel_reason::user;  // under the lock; while it runs, under inner_mutex_
    std::mutex inner_mutex_;
    std::shared_ptr<job_state_base> inner_;  // the task that the call runs, under inner_mutex_
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

/// Threads: any.
class thread_workers {
public:
    thread_workers(int threads, std::string name);
    thread_workers(const thread_workers&) = delete;
    thread_workers& operator=(const thread_workers&) = delete;
    ~thread_workers();

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] int size() const noexcept { return static_cast<int>(threads_.size()); }

    /// Throws: `closed`.
    void enqueue(thread_call& call);
    /// A queued call is dropped, a running one asked to stop.
    void stop(thread_call& call, cancel_reason why) noexcept;

    /// Refuses what is new.
    void close() noexcept;
    /// Queues `w` until nothing is left to do; false when that is so already.
    [[nodiscard]] bool wait_until_done(waiter& w) noexcept;
    bool forget(waiter& w) noexcept;

    /// Closes, drops what is queued, asks what runs to stop.
    void terminate() noexcept;
    /// Waits for the threads, which end once the pool is closed and its queue empty.
    void join() noexcept;

private:
    void work(int index) noexcept;
    void ask_to_stop(thread_call& call, cancel_reason why) noexcept;
    void call_left() noexcept;

    const std::string name_;
    std::mutex mutex_;
    std::condition_variable something_to_do_;
    // Under mutex_.
    list<thread_call> queue_;
    list<thread_call> running_;
    std::size_t unfinished_ = 0;  // queued or running
    bool closed_ = false;
    wait_queue<waiter> closers_;

    std::vector<std::thread> threads_;
};

}  // namespace braid::detail
