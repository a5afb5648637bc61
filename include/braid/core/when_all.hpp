#pragma once
// when_all: run several tasks side by side and wait for all of them.

#include <braid/core/outcome.hpp>
#include <braid/core/task_group.hpp>

#include <cstddef>
#include <optional>
#include <tuple>
#include <vector>

namespace braid {

/// Runs all of them and gives their values as a tuple, in the order of the arguments (`std::monostate` for void).
/// The first failure cancels the others and is rethrown once they have ended.
template <awaitable... As>
auto when_all(As... work) -> task<std::tuple<detail::value_or_monostate<await_result_t<As>>...>>;

/// The same for any number of tasks of one type: gives a vector (nothing for void).
template <class T>
auto when_all(std::vector<task<T>> work)
    -> task<std::conditional_t<std::is_void_v<T>, void, std::vector<detail::value_or_monostate<T>>>>;

// Implementation

namespace detail {

template <class A, class Slot>
task<> run_into(A work, Slot& slot) {
    if constexpr (std::is_void_v<await_result_t<A>>) {
        co_await std::move(work);
        slot.emplace();
    } else {
        slot.emplace(co_await std::move(work));
    }
}

}  // namespace detail

template <awaitable... As>
auto when_all(As... work) -> task<std::tuple<detail::value_or_monostate<await_result_t<As>>...>> {
    std::tuple<std::optional<detail::value_or_monostate<await_result_t<As>>>...> slots;
    co_await with_task_group([&](task_group& group) -> task<> {
        std::apply(
            [&]<class... Slots>(Slots&... slot) {
                (group.start(detail::run_into<As, Slots>, std::move(work), std::ref(slot)), ...);
            },
            slots);
        co_return;
    });
    co_return std::apply(
        [](auto&... slot) {
            return std::tuple<detail::value_or_monostate<await_result_t<As>>...>(*std::move(slot)...);
        },
        slots);
}

template <class T>
auto when_all(std::vector<task<T>> work)
    -> task<std::conditional_t<std::is_void_v<T>, void, std::vector<detail::value_or_monostate<T>>>> {
    using slot = std::optional<detail::value_or_monostate<T>>;
    std::vector<slot> slots(work.size());
    co_await with_task_group([&](task_group& group) -> task<> {
        for (std::size_t i = 0; i < work.size(); ++i) {
            group.start(detail::run_into<task<T>, slot>, std::move(work[i]), std::ref(slots[i]));
        }
        co_return;
    });
    if constexpr (!std::is_void_v<T>) {
        std::vector<T> values;
        values.reserve(slots.size());
        for (slot& s : slots) values.push_back(*std::move(s));
        co_return values;
    }
}

}  // namespace braid
