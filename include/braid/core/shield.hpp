#pragma once
// shield: work that has to be seen through although its surroundings have been cancelled, such as an orderly end.

#include <braid/core/detail/scoped.hpp>

#include <exception>

namespace braid {

/// Runs `work` out of reach of cancellation from outside, and gives its value. What was cancelled outside stays so: the
/// next await after the shield throws `cancelled`. Deadlines inside work as ever; one around it has to wait for it, so
/// shield only what ends by itself: `shield(move_on_after(2s, say_goodbye()))`.
template <awaitable A>
task<await_result_t<A>> shield(A work);

// Implementation

namespace detail {

/// A scope that is below nobody's, and the environment that leads there.
struct shielded_environment {
    explicit shielded_environment(environment& outer) noexcept
        : scope(*outer.scope, cancel_scope::shielded{}),
          env{.where = outer.where, .scope = &scope, .parent = &outer, .same_task = true} {}
    shielded_environment(const shielded_environment&) = delete;
    shielded_environment& operator=(const shielded_environment&) = delete;

    cancel_scope scope;
    environment env;
};

}  // namespace detail

template <awaitable A>
task<await_result_t<A>> shield(A work) {
    using result = await_result_t<A>;
    detail::shielded_environment inside(co_await detail::this_environment());
    detail::result_slot<result> slot;
    try {
        auto inner = detail::as_task(std::move(work));
        if constexpr (std::is_void_v<result>) {
            co_await detail::under(inside.env, inner);
        } else {
            slot.return_value(co_await detail::under(inside.env, inner));
        }
    } catch (...) {
        slot.set_error(std::current_exception());
    }
    co_await detail::adopted_done(inside.env);
    co_return slot.take();
}

}  // namespace braid
