#pragma once
// map_concurrent: a coroutine for each item of a range, a few of them at a time.
//     auto pages = map_concurrent(8, urls, fetch);
//     while (auto page = co_await pages.next()) store(*page);

#include <braid/core/detail/own_call.hpp>
#include <braid/flow/detail/map_jobs.hpp>

#include <cstddef>
#include <ranges>
#include <type_traits>
#include <utility>

namespace braid {

/// `f(item)`, a coroutine, for each item, as a stream of results in the order of the items (`std::monostate` for void);
/// a tuple is spread. At most `limit` items are taken ahead of the consumer: the range may be endless. The first of
/// them begin when the stream is first asked. The callable and the item are copied into each call. Throws:
/// `usage_error` for a limit of zero. `next` rethrows the first failure, in the order of the items; what still runs is
/// then cancelled. Lifetime: a range that is an lvalue is looked at, not copied. Dropped early, the stream cancels what
/// is left; the enclosing scope ends after it.
template <class F, std::ranges::input_range Range>
auto map_concurrent(std::size_t limit, Range&& items, F f);

/// The same in the order in which the calls end.
template <class F, std::ranges::input_range Range>
auto map_concurrent_unordered(std::size_t limit, Range&& items, F f);

// Implementation

namespace detail {

template <class F>
struct start_call {
    F function;

    template <class... Args>
    auto operator()(Args&&... args) const {
        static_assert(std::is_invocable_v<F, std::decay_t<Args>...>,
                      "braid: this callable cannot be called with the items of the range, which are passed as rvalues");
        static_assert(is_task<std::invoke_result_t<F, std::decay_t<Args>...>>::value,
                      "braid: the callable of map_concurrent is a coroutine: it must return braid::task; for plain "
                      "functions use the map of a pool");
        return start_job(call_later(function, std::forward<Args>(args)...));
    }
};

void require_limit(std::size_t limit);

}  // namespace detail

template <class F, std::ranges::input_range Range>
auto map_concurrent(std::size_t limit, Range&& items, F f) {
    BRAID_REQUIRE_SAFE_CALLABLE(F);
    detail::require_limit(limit);
    return detail::map_ordered(detail::start_call<F>{std::move(f)}, std::views::all(std::forward<Range>(items)), limit);
}

template <class F, std::ranges::input_range Range>
auto map_concurrent_unordered(std::size_t limit, Range&& items, F f) {
    BRAID_REQUIRE_SAFE_CALLABLE(F);
    detail::require_limit(limit);
    return detail::map_as_completed(detail::start_call<F>{std::move(f)}, std::views::all(std::forward<Range>(items)),
                                    limit);
}

}  // namespace braid
