#pragma once
// as_completed: the results of several tasks, as they come.

#include <braid/core/detail/task_range.hpp>
#include <braid/flow/detail/map_jobs.hpp>

#include <cstddef>
#include <utility>
#include <vector>

namespace braid {

/// Runs all tasks of a range side by side and gives their values in the order in which they end (`std::monostate` for
/// void). They begin when the stream is first asked.
/// Throws: `next` rethrows the first failure, and what still runs is cancelled; make the tasks `as_result(...)` to get
/// outcomes instead. Lifetime: dropped early, the stream cancels what is left; the enclosing scope ends after it.
template <detail::range_of_tasks R>
auto as_completed(R&& work);

// Implementation

namespace detail {

struct start_item {
    template <class T>
    job<T> operator()(task<T>& work) const {
        return start_job(std::move(work));
    }
};

}  // namespace detail

template <detail::range_of_tasks R>
auto as_completed(R&& work) {
    auto tasks = detail::task_vector(std::forward<R>(work));
    const std::size_t all = tasks.size();
    return detail::map_as_completed(detail::start_item(), std::views::all(std::move(tasks)), all);
}

}  // namespace braid
