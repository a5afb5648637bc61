#pragma once
// spawn: starts a task from plain Asio code. run_blocking: runs one to its end on this thread.

#include <braid/core/detail/own_call.hpp>
#include <braid/core/detail/root.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/executor.hpp>

#include <exception>
#include <type_traits>

namespace braid {

namespace detail {
template <class F>
concept uncalled_task = std::is_invocable_v<std::decay_t<F>> && is_task<std::invoke_result_t<std::decay_t<F>>>::value;
}  // namespace detail

/// Starts `work` on `executor` and completes `token` with its result: the handler's signature is
/// `void(std::exception_ptr)` or `void(std::exception_ptr, T)`; T has to have a default constructor then.
/// The task begins when the executor runs it, never inside `spawn`, and everything it awaits runs there, one thing
/// at a time even if the executor has several threads.
/// Cancellation: through the token's cancellation slot; the task then ends with `cancelled`.
/// Lifetime: run the executor's context until the task has ended. Of a task whose context is destroyed before, nothing
/// runs any more, its destructors included: its memory is not released. Cancel, and run the context to its end,
/// instead. Threads: any.
template <class Executor, class T, class Token>
    requires(boost::asio::execution::is_executor<Executor>::value)
auto spawn(const Executor& executor, task<T> work, Token&& token) {
    return boost::asio::async_initiate<Token, detail::completion_signature<T>>(
        [](auto handler, boost::asio::any_io_executor ex, task<T> w) {
            detail::start_root(std::move(ex), std::move(w), std::move(handler));
        },
        token, boost::asio::any_io_executor(executor), std::move(work));
}

template <class Context, class T, class Token>
    requires(std::is_convertible_v<Context&, boost::asio::execution_context&>)
auto spawn(Context& context, task<T> work, Token&& token) {
    return spawn(context.get_executor(), std::move(work), std::forward<Token>(token));
}

/// The same for a coroutine that has not been called yet, on an executor or a context. It is kept for as long as its
/// task lives: what a lambda has captured is there, while `spawn(context, [text]() -> task<> {..}(), token)` would
/// leave a task that refers to a lambda which is gone.
template <class Where, class F, class Token>
    requires detail::uncalled_task<F>
auto spawn(Where&& where, F&& f, Token&& token);

/// Runs a task to its end on this thread, with an event loop made for it, and gives its result. For plain threads
/// and tests; inside a coroutine write `co_await`.
template <class T>
T run_blocking(task<T> work);

// Implementation

template <class Where, class F, class Token>
    requires detail::uncalled_task<F>
auto spawn(Where&& where, F&& f, Token&& token) {
    return spawn(where, detail::call_later(std::forward<F>(f)), std::forward<Token>(token));
}

template <class T>
T run_blocking(task<T> work) {
    if (detail::this_driver.current) {
        throw usage_error(
            "run_blocking was called inside a coroutine, whose loop it would stop: co_await the task instead");
    }
    detail::result_slot<T> slot;
    detail::run_loop_for([&](detail::blocking_loop& loop) { loop.start(std::move(work), slot); });
    return slot.take();
}

}  // namespace braid
