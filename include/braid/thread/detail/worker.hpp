#pragma once
// A thread of a pool, as the coroutines see it that live on it: a home of its own, and a deque of forked children.

#include <braid/core/detail/environment.hpp>
#include <braid/thread/detail/fork_deque.hpp>
#include <braid/thread/detail/thread_call.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>

namespace braid::detail {

/// What the workers of a pool have in common, as far as forked children are concerned. Threads: any.
class fork_exchange {
public:
    /// To be called after forking: those who sleep may come and steal.
    void offer() noexcept {
        if (resting.load(std::memory_order_relaxed) != 0) [[unlikely]]
            wake_thief();
    }

    std::atomic<unsigned> resting = 0;  // workers that sleep
    std::mutex stolen;                  // guards who has stolen from whom

protected:
    ~fork_exchange() = default;

private:
    virtual void wake_thief() noexcept = 0;
};

struct worker_context {
    boost::asio::io_context context{1};
};

/// The home of the coroutines of a worker. Its thread drains it, and sleeps where what can come is seen: in the event
/// loop while coroutines live here, which may wait for sockets and timers, else on a futex, which costs less.
class worker_home final : private worker_context, public home {
public:
    worker_home() : home(context.get_executor()), work_(context.get_executor()) {}

    // The worker's thread only.

    using home::drive;
    using home::has_work;
    using home::stop_resting;
    /// Carries out what sockets and timers have ready.
    void poll() { context.poll(); }
    /// Returns when there may be something to do: `wake` was called, or an event came; after `nap` at the latest.
    void sleep(bool with_events, std::chrono::nanoseconds nap) noexcept;
    /// Waits until no other thread is still inside of `post`. After that nothing comes.
    void await_posters() const noexcept;

    /// Threads: any.
    void wake() noexcept;

private:
    enum class state : int { awake, notified, on_futex, in_loop };

    void schedule_drain() noexcept override { wake(); }

    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    alignas(64) std::atomic<state> state_ = state::awake;
};

/// Threads: its own, unless said otherwise.
class worker {
public:
    worker(fork_exchange& pool, unsigned index) : exchange(pool), number(index) {}
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;

    fork_exchange& exchange;
    const unsigned number;
    const std::shared_ptr<worker_home> where = std::make_shared<worker_home>();
    fork_deque forks;             // thieves too
    list<thread_call> newcomers;  // under the lock of the pool: coroutines that are to live here, and nowhere else
    /// Coroutines have lived here, so that sockets and timers may be waited for.
    bool inhabited = false;
    bool napped = false;
    spinner before_rest;
    /// Forks until the home's queue gets its turn again: what cancels a computation comes in by that.
    unsigned forks_until_turn = 0;
    static constexpr unsigned forks_a_turn = 4096;
};

/// The worker whose thread this is.
inline constinit thread_local worker* this_worker = nullptr;

/// The worker on which the coroutines of `env` live, when it is this one.
inline worker* worker_of(const environment& env) noexcept {
    worker* w = this_worker;
    return w && w->where.get() == env.where ? w : nullptr;
}

}  // namespace braid::detail
