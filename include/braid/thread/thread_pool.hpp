#pragma once
// thread_pool: plain functions on threads, awaited like I/O.
//     thread_pool pool({.threads = 4});
//     const int answer = co_await pool.run(compute, 12);

#include <braid/core/detail/scoped.hpp>
#include <braid/flow/detail/map_jobs.hpp>
#include <braid/thread/detail/bound_call.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <type_traits>
#include <utility>

namespace braid {

namespace detail {
struct pool_access;
}

struct thread_pool_options {
    std::optional<int> threads = {};  ///< default: the CPUs that the process may use
    std::string name = "threads";     ///< in messages, and of the threads, with a number
};

/// A fixed number of threads and a queue, first in, first out.
/// What a call gets: the callable and its arguments, decayed and moved in; pass `std::ref(x)` for what shall be shared.
/// What it gives: a value (a copy, where the callable returns a reference), or what it threw. A callable that returns
/// a task is run to its end on the thread.
/// Cancellation: a queued call never starts. A running one is asked, see `stop_requested()`, or, if it is a task,
/// cancelled; then it is waited for, because a thread cannot be killed. A value that it gives all the same counts.
/// Lifetime: the destructor terminates the pool and blocks until the calls that run have returned;
/// `co_await pool.close()` before it, and it has nothing to wait for. The pool must outlive those who await `run`.
/// Threads: any.
class thread_pool {
public:
    /// Throws: `usage_error` for fewer than one thread; `std::system_error` when a thread cannot be started.
    explicit thread_pool(thread_pool_options options = {});
    thread_pool(const thread_pool&) = delete;
    thread_pool& operator=(const thread_pool&) = delete;
    ~thread_pool();

    /// `co_await pool.run(f, args...)`. Nothing is allocated: the call lies in the awaiting frame.
    /// Throws: what `f` threw; `closed`; `cancelled`, with the reason `shutdown` when the pool was terminated.
    template <class F, class... Args>
    auto run(F&& f, Args&&... args) {
        return detail::run_awaitable<detail::call_result_t<F, Args...>, std::decay_t<F>, std::decay_t<Args>...>{
            workers_.get(), bind(std::forward<F>(f), std::forward<Args>(args)...)};
    }

    /// The same, begun now; also from plain threads. Throws: `closed`, at once.
    template <class F, class... Args>
    auto submit(F&& f, Args&&... args) -> job<detail::call_result_t<F, Args...>> {
        return submit_to(workers_, bind(std::forward<F>(f), std::forward<Args>(args)...));
    }

    /// `f(item)` for each item, as a stream of results in the order of the items; a tuple is spread. A few calls for
    /// each thread are ahead of the consumer, no more: the range may be endless.
    /// Lifetime: a range that is an lvalue is looked at, not copied. Dropped early, the stream cancels what is left.
    template <class F, std::ranges::input_range Range>
    auto map(F f, Range&& items) {
        return detail::map_ordered(submitter<F>{workers_, std::move(f)}, std::views::all(std::forward<Range>(items)),
                                   window());
    }
    /// The same in the order in which the calls end.
    template <class F, std::ranges::input_range Range>
    auto map_unordered(F f, Range&& items) {
        return detail::map_as_completed(submitter<F>{workers_, std::move(f)},
                                        std::views::all(std::forward<Range>(items)), window());
    }

    /// From now on nothing new is taken; `co_await pool.close()` waits until what was there has ended.
    /// Cancellation: ends the wait only. Do not await it in a call of this pool.
    [[nodiscard]] auto close();
    /// Drops what is queued, asks what runs to stop, and does not wait. Those calls end as `cancelled`, unless they
    /// have a value. Twice: no effect.
    void terminate() noexcept { workers_->terminate(); }

    [[nodiscard]] int size() const noexcept { return workers_->size(); }

private:
    friend struct detail::pool_access;
    class close_operation;
    struct close_awaitable;
    template <class F>
    struct submitter;

    template <class F, class... Args>
    static auto bind(F&& f, Args&&... args);
    template <class R, class F, class... Args>
    static job<R> submit_to(const std::shared_ptr<detail::thread_workers>& workers,
                            detail::bound_call<R, F, Args...> bound);
    [[nodiscard]] std::size_t window() const noexcept { return 2 * static_cast<std::size_t>(size()); }

    std::shared_ptr<detail::thread_workers> workers_;  // shared with the jobs, whose handles may stay
};

// Implementation

/// Gives the library's own functions what is behind a pool.
struct detail::pool_access {
    static thread_workers& workers(thread_pool& pool) noexcept { return *pool.workers_; }
};

template <class F, class... Args>
auto thread_pool::bind(F&& f, Args&&... args) {
    static_assert(std::is_invocable_v<std::decay_t<F>, std::decay_t<Args>...>,
                  "braid: this callable cannot be called with these arguments, which a pool passes as rvalues of their "
                  "decayed types; pass std::ref(x) for a parameter of type T&");
    BRAID_REQUIRE_SAFE_CALLABLE(F);
    return detail::bound_call<detail::call_result_t<F, Args...>, std::decay_t<F>, std::decay_t<Args>...>{
        std::forward<F>(f), std::tuple<std::decay_t<Args>...>(std::forward<Args>(args)...)};
}

template <class R, class F, class... Args>
job<R> thread_pool::submit_to(const std::shared_ptr<detail::thread_workers>& workers,
                              detail::bound_call<R, F, Args...> bound) {
    auto state = std::make_shared<detail::submitted_call<R, F, Args...>>(workers, std::move(bound));
    state->start();
    return detail::job_access::make<R>(std::move(state));
}

template <class F>
struct thread_pool::submitter {
    std::shared_ptr<detail::thread_workers> workers;
    F function;

    template <class... Args>
    auto operator()(Args&&... args) -> job<detail::call_result_t<F, Args...>> {
        return submit_to(workers, bind(function, std::forward<Args>(args)...));
    }
};

class [[nodiscard]] thread_pool::close_operation : public detail::operation, private detail::waiter {
public:
    explicit close_operation(detail::thread_workers& workers) noexcept : workers_(workers) {}

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) noexcept {
        if (!enter(h)) return false;
        if (!workers_.wait_until_done(*this)) return give_way_if_due();
        listen();
        return true;
    }
    void await_resume() const {
        throw_if_refused();
        if (stopped_) throw_cancelled();
    }

private:
    void wake() noexcept override { complete(); }
    void on_cancel() noexcept override {
        stopped_ = workers_.forget(*this);
        if (stopped_) complete();
    }

    detail::thread_workers& workers_;
    bool stopped_ = false;
};

struct [[nodiscard("the pool is closed now; co_await waits until it is done")]] thread_pool::close_awaitable {
    detail::thread_workers* workers;
    close_operation operator co_await() const noexcept { return close_operation(*workers); }
};

inline auto thread_pool::close() {
    workers_->close();
    return close_awaitable{workers_.get()};
}

}  // namespace braid
