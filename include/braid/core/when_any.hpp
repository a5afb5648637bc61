#pragma once
// when_any: run several tasks side by side until the first of them has ended.

#include <braid/core/detail/task_range.hpp>
#include <braid/core/outcome.hpp>
#include <braid/core/task_group.hpp>

#include <cstddef>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

namespace braid {

/// What came of a race. Nothing is dropped: a loser that had its value, or failed, before it could be stopped has
/// its outcome here too; one that was stopped has none.
template <class... Ts>
struct race_result {
    /// Who ended first, counted from 0.
    std::size_t winner = 0;
    std::tuple<std::optional<outcome<Ts>>...> outcomes;

    template <std::size_t I>
    [[nodiscard]] bool has() const noexcept {
        return std::get<I>(outcomes).has_value();
    }
    /// The value of contender `I`. Throws: what it threw; `usage_error` if it was stopped.
    template <std::size_t I>
    decltype(auto) get() {
        if (!has<I>()) throw usage_error("this contender of when_any was stopped: it has no value");
        return std::get<I>(outcomes)->value();
    }
};

/// The same for contenders of one type.
template <class T>
struct race_result_of {
    std::size_t winner = 0;
    std::vector<std::optional<outcome<T>>> outcomes;
};

/// Runs all of them until the first ends, cancels the others, waits until they have ended too, and tells what came
/// of each. If the first to end failed, its exception is rethrown.
/// Cancellation: reaches every contender; the race then throws `cancelled`, unless one of them ended all the same.
template <awaitable... As>
    requires(sizeof...(As) > 0)
auto when_any(As... work) -> task<race_result<await_result_t<As>...>>;

/// The same for a range of tasks of one type: gives a `race_result_of<T>`. Throws: `usage_error` for an empty one.
template <detail::range_of_tasks R>
auto when_any(R&& work);

// Implementation

namespace detail {

inline constexpr std::size_t no_winner = static_cast<std::size_t>(-1);

template <class A, class Slot>
task<> contend(A work, Slot& slot, task_group& group, std::size_t index, std::size_t& winner) {
    const auto ended = [&](cancel_reason why) {
        if (winner != no_winner) return;
        winner = index;
        group.cancel(why);
    };
    try {
        if constexpr (std::is_void_v<await_result_t<A>>) {
            co_await std::move(work);
            slot.emplace(std::in_place);
        } else {
            slot.emplace(std::in_place, co_await std::move(work));
        }
    } catch (const cancelled&) {
        if (group.cancelled()) throw;
        slot.emplace(std::current_exception());
    } catch (...) {
        slot.emplace(std::current_exception());
    }
    ended(slot->has_value() ? cancel_reason::sibling_won : cancel_reason::sibling_failed);
}

/// Runs the contenders that `start(group)` starts. A winner that is there beats a cancellation of the race.
template <class Start>
task<> race(Start start, const std::size_t& winner) {
    try {
        co_await with_task_group([&](task_group& group) -> task<> {
            start(group);
            co_return;
        });
    } catch (const cancelled&) {
        if (winner == no_winner) throw;
    }
}

template <class T>
auto race_of(std::vector<task<T>> work) -> task<race_result_of<T>> {
    if (work.empty()) throw usage_error("when_any needs at least one task: nobody can win an empty race");
    using slot = std::optional<outcome<T>>;
    race_result_of<T> result{.winner = no_winner, .outcomes = std::vector<slot>(work.size())};
    const auto start = [&](task_group& group) {
        for (std::size_t i = 0; i < work.size(); ++i) {
            group.start(contend<task<T>, slot>, std::move(work[i]), std::ref(result.outcomes[i]), std::ref(group), i,
                        std::ref(result.winner));
        }
    };
    co_await race(start, result.winner);
    if (const auto error = result.outcomes[result.winner]->error()) std::rethrow_exception(error);
    co_return result;
}

}  // namespace detail

template <awaitable... As>
    requires(sizeof...(As) > 0)
auto when_any(As... work) -> task<race_result<await_result_t<As>...>> {
    race_result<await_result_t<As>...> result{.winner = detail::no_winner, .outcomes = {}};
    const auto start = [&](task_group& group) {
        std::apply(
            [&]<class... Slots>(Slots&... slot) {
                std::size_t index = 0;
                (group.start(detail::contend<As, Slots>, std::move(work), std::ref(slot), std::ref(group), index++,
                             std::ref(result.winner)),
                 ...);
            },
            result.outcomes);
    };
    co_await detail::race(start, result.winner);
    std::apply(
        [&](auto&... slot) {
            std::size_t index = 0;
            ((index++ == result.winner && slot->error() ? std::rethrow_exception(slot->error()) : void()), ...);
        },
        result.outcomes);
    co_return result;
}

template <detail::range_of_tasks R>
auto when_any(R&& work) {
    return detail::race_of(detail::task_vector(std::forward<R>(work)));
}

}  // namespace braid
