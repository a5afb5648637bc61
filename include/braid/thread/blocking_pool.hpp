#pragma once
// blocking_pool: for calls that wait rather than compute: getaddrinfo, fsync, a library without an event loop. They get
// threads of their own, so that those of a thread_pool always compute.
//     const auto status = co_await on_blocking_thread(::fsync, fd);

#include <braid/thread/detail/elastic_workers.hpp>
#include <braid/thread/thread_pool.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace braid {

struct blocking_pool_options {
    int max_threads = 64;                                          ///< more calls than that wait their turn
    std::chrono::nanoseconds idle_time{std::chrono::seconds(10)};  ///< a thread without a call ends after that
    std::string name = "blocking";                                 ///< in messages, and of the threads, with a number
};

/// Has as many threads as calls that run at once, up to a maximum. What calls get and give, and how they are cancelled,
/// is as with `thread_pool::run`.
/// Lifetime: the destructor drops what is queued, asks what runs to stop, and blocks until it has returned: a call that
/// never returns never lets it go. The pool must outlive those who await it.
/// Threads: any.
class blocking_pool {
public:
    /// Starts no thread yet. Throws: `usage_error` for fewer than one thread, or a negative time.
    explicit blocking_pool(blocking_pool_options options = {});
    blocking_pool(const blocking_pool&) = delete;
    blocking_pool& operator=(const blocking_pool&) = delete;
    ~blocking_pool();

    /// `co_await pool.run(f, args...)`. Throws: what `f` threw; `cancelled`; `std::system_error` when it takes the
    /// pool's first thread and the system has none.
    template <class F, class... Args>
        requires(!std::is_same_v<std::decay_t<F>, abandon_on_cancel_t>)
    auto run(F&& f, Args&&... args) {
        return detail::run_awaitable<detail::call_result_t<F, Args...>, std::decay_t<F>, std::decay_t<Args>...>{
            workers_.get(), detail::bind_call(std::forward<F>(f), std::forward<Args>(args)...)};
    }
    /// The same, but a cancelled caller does not wait for a call that runs. See `abandon_on_cancel`.
    template <class F, class... Args>
    auto run(abandon_on_cancel_t, F&& f, Args&&... args) {
        return detail::abandon_awaitable<detail::call_result_t<F, Args...>, std::decay_t<F>, std::decay_t<Args>...>{
            workers_, detail::bind_call(std::forward<F>(f), std::forward<Args>(args)...)};
    }

    /// Drops what is queued, asks what runs to stop, refuses what is new; does not wait.
    void terminate() noexcept { workers_->terminate(); }

    /// Threads there are at the moment.
    [[nodiscard]] std::size_t size() const noexcept { return workers_->size(); }

private:
    std::shared_ptr<detail::elastic_workers> workers_;
};

namespace detail {
/// Never destroyed, as that of `on_thread`.
[[nodiscard]] blocking_pool& default_blocking_pool();
}  // namespace detail

/// `co_await on_blocking_thread(f, args...)`: the same on a pool with nothing to set up.
template <class... Args>
auto on_blocking_thread(Args&&... args) {
    return detail::default_blocking_pool().run(std::forward<Args>(args)...);
}

}  // namespace braid
