#pragma once
// as_result: how work ended, cancellation included, as a value.

#include <braid/core/detail/scoped.hpp>
#include <braid/core/outcome.hpp>

#include <utility>

namespace braid {

/// Runs `work` and gives how it ended: its value, its exception, or why it was cancelled. Nothing is thrown for it.
///     auto result = co_await as_result(fetch(url));
///     if (auto why = result.cancelled()) { tidy_up(*why); co_return; }
/// Cancellation: stays in force. The next await in cancelled surroundings throws `cancelled`.
template <awaitable A>
task<outcome<await_result_t<A>>> as_result(A work) {
    auto inner = detail::as_task(std::move(work));
    co_return co_await detail::settled(inner);
}

}  // namespace braid
