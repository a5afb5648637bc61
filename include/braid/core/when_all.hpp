#pragma once
// when_all, when_all_settled: run several tasks side by side and wait for all of them.

#include <braid/core/detail/task_range.hpp>
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

/// The same for a range of tasks of one type: gives a vector of their values, in order (nothing for void).
template <detail::range_of_tasks R>
auto when_all(R&& work);

/// Runs all of them to their ends and tells how each ended. None cancels another, and a failure is not thrown.
/// Cancellation: reaches all of them. Their outcomes are told all the same, so that no value is lost; the next await
/// of the caller throws `cancelled`.
template <awaitable... As>
auto when_all_settled(As... work) -> task<std::tuple<outcome<await_result_t<As>>...>>;

/// The same for a range of tasks of one type: gives a `std::vector<outcome<T>>`, in order.
template <detail::range_of_tasks R>
auto when_all_settled(R&& work);

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

template <class A>
task<> settle_into(A work, std::optional<outcome<await_result_t<A>>>& slot) {
    auto inner = as_task(std::move(work));
    slot.emplace(co_await settled(inner));
}

template <class Slot>
auto values_of(std::vector<Slot> slots) {
    std::vector<typename Slot::value_type> values;
    values.reserve(slots.size());
    for (Slot& slot : slots) values.push_back(*std::move(slot));
    return values;
}

template <class T>
auto all_of(std::vector<task<T>> work)
    -> task<std::conditional_t<std::is_void_v<T>, void, std::vector<value_or_monostate<T>>>> {
    using slot = std::optional<value_or_monostate<T>>;
    std::vector<slot> slots(work.size());
    co_await with_task_group([&](task_group& group) -> task<> {
        for (std::size_t i = 0; i < work.size(); ++i) {
            group.start(run_into<task<T>, slot>, std::move(work[i]), std::ref(slots[i]));
        }
        co_return;
    });
    if constexpr (!std::is_void_v<T>) co_return values_of(std::move(slots));
}

template <class T>
auto all_settled_of(std::vector<task<T>> work) -> task<std::vector<outcome<T>>> {
    std::vector<std::optional<outcome<T>>> slots(work.size());
    co_await with_task_group([&](task_group& group) -> task<> {
        for (std::size_t i = 0; i < work.size(); ++i) {
            group.start(settle_into<task<T>>, std::move(work[i]), std::ref(slots[i]));
        }
        co_return;
    });
    co_return values_of(std::move(slots));
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

template <awaitable... As>
auto when_all_settled(As... work) -> task<std::tuple<outcome<await_result_t<As>>...>> {
    std::tuple<std::optional<outcome<await_result_t<As>>>...> slots;
    co_await with_task_group([&](task_group& group) -> task<> {
        std::apply([&](auto&... slot) { (group.start(detail::settle_into<As>, std::move(work), std::ref(slot)), ...); },
                   slots);
        co_return;
    });
    co_return std::apply([](auto&... slot) { return std::tuple<outcome<await_result_t<As>>...>(*std::move(slot)...); },
                         slots);
}

template <detail::range_of_tasks R>
auto when_all(R&& work) {
    return detail::all_of(detail::task_vector(std::forward<R>(work)));
}

template <detail::range_of_tasks R>
auto when_all_settled(R&& work) {
    return detail::all_settled_of(detail::task_vector(std::forward<R>(work)));
}

}  // namespace braid
