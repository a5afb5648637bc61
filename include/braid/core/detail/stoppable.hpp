#pragma once
// Running a task inside a call of a pool, where cancellation arrives as a flag that somebody has to look at.

#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/stop.hpp>
#include <braid/core/when_any.hpp>

#include <chrono>
#include <utility>

namespace braid::detail {

/// Ends when this thread's stop query says so.
inline task<> stop_requested_of(stop_query query) {
    constexpr std::chrono::milliseconds between_looks{5};
    while (!query.ask(query.data)) co_await sleep_for(between_looks);
}

template <class T>
task<T> until_stopped(task<T> work, stop_query query) {
    auto race = co_await when_any(std::move(work), stop_requested_of(query));
    if (!race.template has<0>()) throw cancelled(cancel_reason::user);
    co_return race.template get<0>();
}

/// Runs a task to its end on a loop of this thread, and cancels it when the call around it is asked to stop.
template <class T>
T run_stoppable(task<T> work) {
    const stop_query query = this_stop_query;
    if (!query.ask) return run_blocking(std::move(work));
    return run_blocking(until_stopped(std::move(work), query));
}

}  // namespace braid::detail
