#pragma once
// The threads of a pool and their queue.

#include <braid/core/detail/list.hpp>
#include <braid/core/detail/short_mutex.hpp>
#include <braid/sync/detail/waiter.hpp>
#include <braid/thread/detail/call_runner.hpp>
#include <braid/thread/detail/thread_call.hpp>
#include <braid/thread/detail/worker.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace braid::detail {

/// Threads: any.
class thread_workers final : public call_runner, private fork_exchange {
public:
    thread_workers(int threads, std::string name);
    thread_workers(const thread_workers&) = delete;
    thread_workers& operator=(const thread_workers&) = delete;
    ~thread_workers();

    [[nodiscard]] const std::string& name() const noexcept override { return name_; }
    [[nodiscard]] int size() const noexcept { return static_cast<int>(workers_.size()); }

    void enqueue(thread_call& call) override;
    /// For a coroutine that is to live on the worker of that number.
    void enqueue_at(thread_call& call, std::size_t place);
    void stop(thread_call& call, cancel_reason why) noexcept override;
    [[nodiscard]] bool quick() const noexcept override { return true; }
    /// A call that went on after `execute` is over.
    void ended(thread_call& call) noexcept;

    /// Refuses what is new.
    void close() noexcept;
    /// Queues `w` until nothing is left to do; false when that is so already.
    [[nodiscard]] bool wait_until_done(waiter& w) noexcept;
    bool forget(waiter& w) noexcept;

    /// Closes, drops what is queued, asks what runs to stop.
    void terminate() noexcept;
    /// Waits for the threads, which end once the pool is closed and nothing is left to do.
    void join() noexcept;

private:
    void work(worker& me) noexcept;
    [[nodiscard]] bool done() noexcept;
    bool run_coroutines(worker& me) noexcept;
    bool run_calls(worker& me) noexcept;
    bool steal(worker& me) noexcept;
    void begin_away(worker& me, promise_base& child) noexcept;
    bool look_out(worker& me) noexcept;
    void rest(worker& me) noexcept;
    void get_up(worker& me) noexcept;
    [[nodiscard]] bool nothing_to_steal(const worker& me) const noexcept;

    void enqueue_living(thread_call& call);
    [[noreturn]] void refuse() const;
    void queue(thread_call* newest) noexcept;
    void queue_arrivals() noexcept;
    [[nodiscard]] bool has_arrivals() const noexcept;
    thread_call* next_call(worker& me) noexcept;
    void leave(thread_call& call) noexcept;
    void calls_left(std::size_t count) noexcept;

    worker* take_sleeper(bool longest) noexcept;
    void wake_thief() noexcept override;
    void wake_all_workers() noexcept;

    /// An address that no call has: what is closed ends with it.
    static thread_call* no_more() noexcept { return reinterpret_cast<thread_call*>(alignof(thread_call)); }

    const std::string name_;
    // Calls on their way into the queue, last in first, without the lock; or no_more().
    std::atomic<thread_call*> newest_ = nullptr;
    short_mutex mutex_;
    // Under mutex_.
    list<thread_call> queue_;
    list<thread_call> running_;
    std::size_t unfinished_ = 0;  // queued, though not those on their way, or running
    std::size_t living_ = 0;      // of those that run: coroutines
    bool closed_ = false;
    wait_queue<waiter> closers_;
    std::vector<worker*> sleepers_;
    std::atomic<bool> calls_queued_ = false;  // for those who look without the lock

    std::vector<std::unique_ptr<worker>> workers_;
    std::vector<std::thread> threads_;
};

}  // namespace braid::detail
