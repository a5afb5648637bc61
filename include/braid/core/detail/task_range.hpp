#pragma once
// Ranges of tasks, as combinators take them.

#include <braid/core/task.hpp>

#include <concepts>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

namespace braid::detail {

template <class R>
concept range_of_tasks =
    std::ranges::input_range<R> && is_task<std::remove_cvref_t<std::ranges::range_reference_t<R>>>::value;

template <class R>
using task_of = std::remove_cvref_t<std::ranges::range_reference_t<R>>;

/// The tasks of a range. A view that makes its tasks, by `std::views::transform` for instance, makes them now.
template <range_of_tasks R>
std::vector<task_of<R>> task_vector(R&& range) {
    using element = std::ranges::range_reference_t<R>;
    static_assert(!std::is_lvalue_reference_v<R> || !std::is_lvalue_reference_v<element>,
                  "braid: a task is awaited once, and so are those of a range: pass it with std::move");
    if constexpr (std::same_as<std::remove_cvref_t<R>, std::vector<task_of<R>>>) {
        return std::move(range);
    } else {
        std::vector<task_of<R>> tasks;
        if constexpr (std::ranges::sized_range<R>) tasks.reserve(std::ranges::size(range));
        for (auto&& work : range) tasks.push_back(std::move(work));
        return tasks;
    }
}

}  // namespace braid::detail
