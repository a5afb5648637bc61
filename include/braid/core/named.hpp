#pragma once
// named: gives a piece of work a name, by which those who look at the program find it.

#include <braid/core/detail/scoped.hpp>

#include <string>
#include <utility>

namespace braid {

/// The same work under this name: `g.start([](url u) { return named(u.host, fetch(u)); }, u)`.
/// `dump_tasks` shows it.
template <awaitable A>
task<await_result_t<A>> named(std::string name, A work);

// Implementation

namespace detail {

/// An environment inside of which the task has a name.
struct named_environment {
    named_environment(environment& outer, const std::string& name) noexcept
        : env{.where = outer.where, .scope = outer.scope, .parent = &outer, .name = &name} {}
    named_environment(const named_environment&) = delete;
    named_environment& operator=(const named_environment&) = delete;

    environment env;
};

}  // namespace detail

template <awaitable A>
task<await_result_t<A>> named(std::string name, A work) {
    using result = await_result_t<A>;
    detail::named_environment inside(co_await detail::this_environment(), name);
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
