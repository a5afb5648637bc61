#pragma once
// Deadlines, put around work instead of passed into it. Nested ones: the earliest wins.

#include <braid/core/sleep.hpp>

#include <optional>
#include <type_traits>

namespace braid {

/// Runs `work` and gives its value. If it has not ended by then, it is cancelled, awaited, and `timed_out` thrown.
/// A value that is there all the same beats the deadline.
template <awaitable A>
task<await_result_t<A>> fail_at(time_point then, A work);
template <class Rep, class Period, awaitable A>
task<await_result_t<A>> fail_after(std::chrono::duration<Rep, Period> time, A work);

/// The same, but running out of time is an expected outcome: an empty optional (for void work: false).
template <awaitable A>
auto move_on_at(time_point then, A work)
    -> task<std::conditional_t<std::is_void_v<await_result_t<A>>, bool,
                               std::optional<detail::value_or_monostate<await_result_t<A>>>>>;
template <class Rep, class Period, awaitable A>
auto move_on_after(std::chrono::duration<Rep, Period> time, A work) {
    return move_on_at(detail::from_now(time), std::move(work));
}

// Implementation

namespace detail {

/// Cancels its scope when the time has come.
class deadline : public scoped_environment, private timer {
public:
    deadline(environment& outer, time_point then) : scoped_environment(outer) {
        at = then;
        fire = [](timer* t) noexcept { static_cast<deadline*>(t)->scope.cancel(cancel_reason::deadline); };
        scope.expires_at(then);
        if (then <= now()) {
            fire(this);
        } else if (then != time_point::max()) {
            env.where->arm(*this);
        }
    }
    ~deadline() { env.where->disarm(*this); }

    /// The work inside was cut off by this deadline, who alone cancels this scope, and by nothing else.
    [[nodiscard]] bool cut_off() const noexcept { return only_this_cancelled(); }
};

}  // namespace detail

template <awaitable A>
auto move_on_at(time_point then, A work)
    -> task<std::conditional_t<std::is_void_v<await_result_t<A>>, bool,
                               std::optional<detail::value_or_monostate<await_result_t<A>>>>> {
    using result = await_result_t<A>;
    detail::deadline limit(co_await detail::this_environment(), then);
    std::conditional_t<std::is_void_v<result>, bool, std::optional<detail::value_or_monostate<result>>> value{};
    std::exception_ptr error;
    try {
        auto inner = detail::as_task(std::move(work));
        if constexpr (std::is_void_v<result>) {
            co_await detail::under(limit.env, inner);
            value = true;
        } else {
            value.emplace(co_await detail::under(limit.env, inner));
        }
    } catch (const cancelled&) {
        if (!limit.cut_off()) error = limit.cancelled_from_outside(std::current_exception());
    } catch (...) {
        error = std::current_exception();
    }
    co_await detail::adopted_done(limit.env);
    if (error) std::rethrow_exception(error);
    co_return value;
}

template <awaitable A>
task<await_result_t<A>> fail_at(time_point then, A work) {
    auto value = co_await move_on_at(then, std::move(work));
    if (!value) throw timed_out("the deadline passed before the work was done");
    if constexpr (!std::is_void_v<await_result_t<A>>) co_return *std::move(value);
}

template <class Rep, class Period, awaitable A>
task<await_result_t<A>> fail_after(std::chrono::duration<Rep, Period> time, A work) {
    return fail_at(detail::from_now(time), std::move(work));
}

}  // namespace braid
