#pragma once
// A function and its arguments on their way to a pool's thread, and the result on its way back. They lie in the
// awaiting frame, or in the state of a job.

#include <braid/core/job.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/stop.hpp>
#include <braid/thread/detail/call_runner.hpp>

#include <boost/asio/io_context.hpp>

#include <functional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace braid::detail {

template <class R>
struct call_result {
    using type = std::remove_cvref_t<R>;
};
template <class T>
struct call_result<task<T>> {
    using type = std::remove_cvref_t<T>;
};
template <class F, class... Args>
struct result_of_call {
    using type = void;  // of none: bind_call says what is wrong
};
template <class F, class... Args>
    requires std::is_invocable_v<F, Args...>
struct result_of_call<F, Args...> : call_result<std::invoke_result_t<F, Args...>> {};
/// What `f(args...)` gives from elsewhere: a value, though `f` may return a reference; a task is run there to its end.
template <class F, class... Args>
using call_result_t = typename result_of_call<std::decay_t<F>, std::decay_t<Args>...>::type;

[[nodiscard]] inline std::string describe_call(const call_runner& workers) {
    return "a call on the threads of \"" + workers.name() + "\"";
}

/// A task on a thread that is no loop's: a loop for this task alone. A stop of the call cancels the task.
template <class T>
T run_task_of(thread_call& call, task<T> work) {
    boost::asio::io_context loop(1);
    auto running = start_job(std::move(work), boost::asio::any_io_executor(loop.get_executor()));
    const inner_task inside(call, job_access::state(running));
    loop.run();
    return job_access::state(running).take();
}

/// The function, its arguments and its result.
template <class R, class F, class... Args>
struct bound_call {
    F function;
    std::tuple<Args...> arguments;

    /// An exception of it has come a way that can be told.
    static constexpr bool is_coroutine = is_task<std::invoke_result_t<F, Args...>>::value;

    void run_into(result_slot<R>& slot, thread_call& call) noexcept {
        const stop_query_guard asking({.ask = &thread_call::asked_to_stop, .data = &call});
        try {
            if constexpr (std::is_void_v<R>) {
                invoke(call);
            } else {
                slot.return_value(invoke(call));
            }
        } catch (const cancelled&) {
            // Not the caller's own cancellation, unless the call was asked to stop.
            slot.set_error(call.stopping() ? std::current_exception() : foreign_cancellation());
        } catch (...) {
            slot.set_error(std::current_exception());
        }
    }

private:
    R invoke(thread_call& call) {
        return std::apply(
            [&](Args&... args) -> R {
                if constexpr (is_coroutine) {
                    return run_task_of(call, std::invoke(std::move(function), std::move(args)...));
                } else {
                    return std::invoke(std::move(function), std::move(args)...);
                }
            },
            arguments);
    }
};

/// A call that a coroutine awaits.
template <class R, class F, class... Args>
class [[nodiscard]] run_operation : public operation, private thread_call {
public:
    run_operation(call_runner& workers, bound_call<R, F, Args...> bound)
        : workers_(workers), bound_(std::move(bound)) {}

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        if (!enter(h)) return false;
        workers_.enqueue(*this);
        looked_for_ = workers_.quick();
        if (looked_for_) env().where->call_begins();
        listen();
        return true;
    }
    R await_resume() {
        throw_if_refused();
        if (looked_for_) env().where->call_ends();
        if (dropped()) throw cancelled(drop_reason());
        if constexpr (bound_call<R, F, Args...>::is_coroutine) way_.arrive(result_.error());
        return result_.take();
    }
    [[nodiscard]] std::string describe() const override { return describe_call(workers_); }

private:
    bool execute(worker*) noexcept override {
        bound_.run_into(result_, *this);
        return true;
    }
    void finished() noexcept override {
        if constexpr (bound_call<R, F, Args...>::is_coroutine) way_.leave(result_.error());
        complete();
    }
    void on_cancel() noexcept override {
        if (!over()) workers_.stop(*this, env().scope->reason());  // when it is over, the pool may be gone
    }

    call_runner& workers_;
    bound_call<R, F, Args...> bound_;
    result_slot<R> result_;
    carried_chain way_;  // of the exception
    bool looked_for_ = false;
};

template <class R, class F, class... Args>
struct [[nodiscard("a call does nothing until it is awaited")]] run_awaitable {
    call_runner* workers;
    bound_call<R, F, Args...> bound;

    run_operation<R, F, Args...> operator co_await() && {
        return run_operation<R, F, Args...>(*workers, std::move(bound));
    }
};

/// A call that a job stands for.
template <class R, class F, class... Args>
class submitted_call final : public job_state<R>, private thread_call {
public:
    submitted_call(std::shared_ptr<call_runner> workers, bound_call<R, F, Args...> bound)
        : workers_(std::move(workers)), bound_(std::move(bound)) {}

    void start() {
        self_ = this->shared_from_this();
        try {
            workers_->enqueue(*this);
        } catch (...) {
            self_.reset();
            throw;
        }
    }

private:
    bool execute(worker*) noexcept override {
        bound_.run_into(this->result(), *this);
        return true;
    }
    void finished() noexcept override {
        if (dropped()) this->result().set_error(std::make_exception_ptr(cancelled(drop_reason())));
        const auto self = std::move(self_);
        this->end_with_result();
    }
    void stop(cancel_reason why) noexcept override { workers_->stop(*this, why); }

    std::shared_ptr<call_runner> workers_;
    bound_call<R, F, Args...> bound_;
    std::shared_ptr<job_state_base> self_;  // while the pool has it
};

/// A call whose caller goes away when it is cancelled. What it needs lies on the heap and is its own.
template <class R, class F, class... Args>
class [[nodiscard]] abandon_operation : public operation, private job_listener {
public:
    abandon_operation(std::shared_ptr<call_runner> workers, bound_call<R, F, Args...> bound)
        : workers_(workers),
          call_(std::make_shared<submitted_call<R, F, Args...>>(std::move(workers), std::move(bound))) {}

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        if (!enter(h)) return false;
        call_->start();
        if (!call_->listen(*this)) return give_way_if_due();
        operation::listen();
        return true;
    }
    R await_resume() {
        throw_if_refused();
        if (abandoned_) throw_cancelled();
        return call_->take();
    }
    [[nodiscard]] std::string describe() const override { return describe_call(*workers_); }

private:
    void job_ended() noexcept override { complete(); }
    void on_cancel() noexcept override {
        call_->request_cancel(env().scope->reason());
        abandoned_ = call_->forget_listener();
        if (abandoned_) complete();
    }

    std::shared_ptr<call_runner> workers_;
    std::shared_ptr<submitted_call<R, F, Args...>> call_;
    bool abandoned_ = false;
};

template <class R, class F, class... Args>
struct [[nodiscard("a call does nothing until it is awaited")]] abandon_awaitable {
    std::shared_ptr<call_runner> workers;
    bound_call<R, F, Args...> bound;

    abandon_operation<R, F, Args...> operator co_await() && {
        return abandon_operation<R, F, Args...>(std::move(workers), std::move(bound));
    }
};

/// A callable and its arguments, decayed.
template <class F, class... Args>
auto bind_call(F&& f, Args&&... args) {
    static_assert(std::is_invocable_v<std::decay_t<F>, std::decay_t<Args>...>,
                  "braid: this callable cannot be called with these arguments, which a pool passes as rvalues of their "
                  "decayed types; pass std::ref(x) for a parameter of type T&");
    BRAID_REQUIRE_SAFE_CALLABLE(F);
    return bound_call<call_result_t<F, Args...>, std::decay_t<F>, std::decay_t<Args>...>{
        std::forward<F>(f), std::tuple<std::decay_t<Args>...>(std::forward<Args>(args)...)};
}

}  // namespace braid::detail

namespace braid {

/// `co_await pool.run(abandon_on_cancel, f, args...)`, `on_thread(abandon_on_cancel, ...)`: when the caller is
/// cancelled while `f` runs, it goes on at once and leaves `f` to itself, whose result is dropped. Elsewhere what has
/// returned has stopped; not here: `f` must own all it touches. The pool's destructor still waits for it.
struct abandon_on_cancel_t {};
inline constexpr abandon_on_cancel_t abandon_on_cancel{};

}  // namespace braid
