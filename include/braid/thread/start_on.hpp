#pragma once
// start_on: a coroutine that lives on a pool, awaited from anywhere.

#include <braid/core/detail/carried_chain.hpp>
#include <braid/core/detail/own_call.hpp>
#include <braid/core/detail/root.hpp>
#include <braid/thread/thread_pool.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace braid {

/// `co_await start_on(pool, f, args...)` calls `f`, which returns a task, on a thread of the pool, and gives what the
/// task gives; the caller goes on where it was. The task lives on the worker where it began, which is its home: what it
/// awaits, timers and sockets too, brings it back there, and shares the worker with other coroutines and with plain
/// calls, one of which holds it up for as long as it runs. To use several threads, see `fork_join`.
/// The callable and its arguments are decayed and moved in, and live until the task has ended.
/// Throws: what the task threw; `closed`; `cancelled`, with the reason `shutdown` when the pool was terminated.
/// Cancellation: one that is queued never starts, one that runs is cancelled, and waited for.
/// Lifetime: the pool must outlive the await.
template <class F, class... Args>
auto start_on(thread_pool& pool, F&& f, Args&&... args);

// Implementation

namespace detail {

/// What the root of a coroutine on a worker does last.
struct living_call_ended {
    thread_workers& workers;
    thread_call& call;
    std::shared_ptr<remote_cancel> remote;

    void operator()() const noexcept {
        remote->detach();
        workers.ended(call);
    }
};

template <class R, class F, class... Args>
class [[nodiscard]] start_operation : public operation, private thread_call {
public:
    start_operation(thread_workers& workers, std::optional<std::size_t> place, F&& function,
                    std::tuple<Args...>&& arguments)
        : workers_(workers), place_(place), function_(std::move(function)), arguments_(std::move(arguments)) {}

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        if (!enter(h)) return false;
        if (place_) {
            workers_.enqueue_at(*this, *place_);
        } else {
            workers_.enqueue(*this);
        }
        listen();
        return true;
    }
    R await_resume() {
        throw_if_refused();
        if (dropped()) throw cancelled(drop_reason());
        way_.arrive(result_.error());
        return result_.take();
    }
    [[nodiscard]] std::string describe() const override {
        return "a coroutine on the threads of \"" + workers_.name() + "\"";
    }

private:
    bool execute(worker* here) noexcept override {
        here->inhabited = true;
        try {
            auto remote = std::make_shared<remote_cancel>(here->where);
            auto body = std::apply(
                [this](Args&... args) { return std::invoke(std::move(function_), std::move(args)...); }, arguments_);
            root living = run_root(std::move(body), &result_, living_call_ended{workers_, *this, remote});
            remote->attach(living.scope());
            pass_stop_to(remote);
            std::move(living).start(here->where);
            return false;
        } catch (...) {
            result_.set_error(std::current_exception());
            return true;
        }
    }
    [[nodiscard]] bool lives() const noexcept override { return true; }
    void finished() noexcept override {
        way_.leave(result_.error());
        complete();
    }
    void on_cancel() noexcept override {
        if (!over()) workers_.stop(*this, env().scope->reason());  // when it is over, the pool may be gone
    }

    thread_workers& workers_;
    const std::optional<std::size_t> place_;
    F function_;
    std::tuple<Args...> arguments_;
    result_slot<R> result_;
    carried_chain way_;  // of its exception
};

template <class R, class F, class... Args>
struct [[nodiscard("a coroutine does nothing until it is awaited")]] start_awaitable {
    thread_workers* workers;
    std::optional<std::size_t> place;  // the number of a worker
    F function;
    std::tuple<Args...> arguments;

    start_operation<R, F, Args...> operator co_await() && {
        return start_operation<R, F, Args...>(*workers, place, std::move(function), std::move(arguments));
    }
};

template <class F, class... Args>
auto start_at(thread_pool& pool, std::optional<std::size_t> place, F&& f, Args&&... args) {
    require_uncalled<F>();
    static_assert(std::is_invocable_v<std::decay_t<F>, std::decay_t<Args>...>,
                  "braid: this callable cannot be called with these arguments, which start_on passes as rvalues of "
                  "their decayed types; pass std::ref(x) for a parameter of type T&");
    BRAID_REQUIRE_SAFE_CALLABLE(F);
    using returned = std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>;
    static_assert(detail::is_task<returned>::value,
                  "braid: what lives on a pool is a coroutine: the callable must return a braid::task; for plain "
                  "functions there is pool.run(f, args...)");
    return detail::start_awaitable<typename returned::value_type, std::decay_t<F>, std::decay_t<Args>...>{
        &detail::pool_access::workers(pool), place, std::forward<F>(f),
        std::tuple<std::decay_t<Args>...>(std::forward<Args>(args)...)};
}

}  // namespace detail

template <class F, class... Args>
auto start_on(thread_pool& pool, F&& f, Args&&... args) {
    return detail::start_at(pool, std::nullopt, std::forward<F>(f), std::forward<Args>(args)...);
}

}  // namespace braid
