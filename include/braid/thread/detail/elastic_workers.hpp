#pragma once
// Threads that come when calls have to wait, and go when there is nothing to do for a while.

#include <braid/thread/detail/call_runner.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <thread>

namespace braid::detail {

/// Threads: any.
class elastic_workers final : public call_runner {
public:
    elastic_workers(std::size_t most_threads, std::chrono::nanoseconds idle_time, std::string name);
    elastic_workers(const elastic_workers&) = delete;
    elastic_workers& operator=(const elastic_workers&) = delete;
    ~elastic_workers() { shut_down(); }

    void enqueue(thread_call& call) override;
    void stop(thread_call& call, cancel_reason why) noexcept override;
    [[nodiscard]] bool quick() const noexcept override { return false; }
    [[nodiscard]] const std::string& name() const noexcept override { return name_; }

    /// Refuses what is new, drops what is queued, asks what runs to stop.
    void terminate() noexcept;

    /// Terminates and waits for the calls that run.
    void shut_down() noexcept;

    /// Threads there are, whether they do something or not.
    [[nodiscard]] std::size_t size() const noexcept;

private:
    using threads = std::list<std::thread>;

    void work(threads::iterator me) noexcept;
    void run(thread_call& call, std::unique_lock<std::mutex>& lock) noexcept;
    void add_thread();
    static void join(threads& ended) noexcept;

    const std::size_t most_threads_;
    const std::chrono::nanoseconds idle_time_;
    const std::string name_;

    mutable std::mutex mutex_;
    std::condition_variable something_to_do_;
    std::condition_variable thread_ended_;
    // Under mutex_.
    list<thread_call> queue_;
    list<thread_call> running_;
    std::size_t queued_ = 0;
    std::size_t free_ = 0;  // threads that run no call
    bool closed_ = false;
    unsigned made_ = 0;  // threads so far: their names are numbered
    threads threads_;
    threads ended_;  // one at most: joined by the next thread that ends, or call that comes
};

}  // namespace braid::detail
