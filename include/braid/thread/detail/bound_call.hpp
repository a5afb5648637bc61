#pragma once
// A function and its arguments on their way to a pool's thread, and the result on its way back. They lie in the
// awaiting frame, or in the state of a job.

#include <braid/core/job.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/stop.hpp>
#include <braid/thread/detail/thread_workers.hpp>

#include <boost/asio/io_context.hpp>

#include <functional>
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
/// What `f(args...)` gives from elsewhere: a value, though `f` may return a reference; a task is run there to its end.
template <class F, class... Args>
using call_result_t = typename call_result<std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>>::type;

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
                using returned = std::invoke_result_t<F, Args...>;
                if constexpr (is_task<returned>::value) {
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
    run_operation(thread_workers& workers, bound_call<R, F, Args...> bound)
        : workers_(workers), bound_(std::move(bound)) {}

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        if (!enter(h)) return false;
        workers_.enqueue(*this);
        listen();
        return true;
    }
    R await_resume() {
        throw_if_refused();
        if (dropped()) throw cancelled(drop_reason());
        return result_.take();
    }

private:
    bool execute(worker&) noexcept override {
        bound_.run_into(result_, *this);
        return true;
    }
    void finished() noexcept override { complete(); }
    void on_cancel() noexcept override {
        if (!over()) workers_.stop(*this, env().scope->reason());  // when it is over, the pool may be gone
    }

    thread_workers& workers_;
    bound_call<R, F, Args...> bound_;
    result_slot<R> result_;
};

template <class R, class F, class... Args>
struct [[nodiscard("a call does nothing until it is awaited")]] run_awaitable {
    thread_workers* workers;
    bound_call<R, F, Args...> bound;

    run_operation<R, F, Args...> operator co_await() && {
        return run_operation<R, F, Args...>(*workers, std::move(bound));
    }
};

/// A call that a job stands for.
template <class R, class F, class... Args>
class submitted_call final : public job_state<R>, private thread_call {
public:
    submitted_call(std::shared_ptr<thread_workers> workers, bound_call<R, F, Args...> bound)
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
    bool execute(worker&) noexcept override {
        bound_.run_into(this->result(), *this);
        return true;
    }
    void finished() noexcept override {
        if (dropped()) this->result().set_error(std::make_exception_ptr(cancelled(drop_reason())));
        const auto self = std::move(self_);
        this->end();
    }
    void stop(cancel_reason why) noexcept override { workers_->stop(*this, why); }

    std::shared_ptr<thread_workers> workers_;
    bound_call<R, F, Args...> bound_;
    std::shared_ptr<job_state_base> self_;  // while the pool has it
};

}  // namespace braid::detail
