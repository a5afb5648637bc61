#include <braid/flow/as_completed.hpp>

#include <braid/core/as_result.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <ranges>
#include <stdexcept>
#include <vector>

using namespace braid;
using namespace std::chrono_literals;

namespace {

/// Ends after so many turns.
task<int> after_turns(int turns) {
    for (int i = 0; i < turns; ++i) co_await checkpoint();
    co_return turns;
}
task<int> fails() {
    co_await checkpoint();
    throw std::runtime_error("failed");
}
/// Until it is cancelled; then it takes a moment.
task<int> unwinds(int& ended) {
    try {
        co_await sleep_for(1h);
    } catch (const cancelled&) {
        ++ended;
        throw;
    }
    co_return 0;
}

}  // namespace

TEST_SUITE("flow/as_completed") {
    TEST_CASE("results come in the order in which the tasks end") {
        run_blocking([]() -> task<> {
            std::vector<task<int>> work;
            for (const int turns : {30, 10, 20, 0}) work.push_back(after_turns(turns));
            const auto values = co_await as_completed(std::move(work)).collect();
            const std::vector<int> expected{0, 10, 20, 30};
            CHECK(values == expected);
        }());
    }

    TEST_CASE("no task is no result, a view makes its tasks, void tasks are counted") {
        run_blocking([]() -> task<> {
            const auto none = co_await as_completed(std::vector<task<int>>()).collect();
            CHECK(none.empty());
            auto turns = std::views::iota(0, 5);
            const auto some = co_await as_completed(turns | std::views::transform(after_turns)).collect();
            CHECK(some.size() == 5);
            std::vector<task<>> silent;
            for (int i = 0; i < 3; ++i) silent.push_back([]() -> task<> { co_await checkpoint(); }());
            const auto done = co_await as_completed(std::move(silent)).collect();
            CHECK(done.size() == 3);
        }());
    }

    TEST_CASE("the first failure is rethrown and what still runs is cancelled, as outcomes nothing is") {
        run_blocking([]() -> task<> {
            int ended = 0;
            co_await with_task_group([&](task_group&) -> task<> {
                std::vector<task<int>> work;
                work.push_back(unwinds(ended));
                work.push_back(fails());
                CHECK_THROWS_WITH_AS(co_await as_completed(std::move(work)).collect(), "failed", std::runtime_error);
            });
            CHECK(ended == 1);

            std::vector<task<outcome<int>>> outcomes;
            outcomes.push_back(as_result(fails()));
            outcomes.push_back(as_result(after_turns(10)));
            const auto results = co_await as_completed(std::move(outcomes)).collect();
            REQUIRE(results.size() == 2);
            CHECK_FALSE(results[0].has_value());
            CHECK(results[1].has_value());
        }());
    }

    TEST_CASE("dropped early, nothing is left running when the enclosing scope has ended") {
        run_blocking([]() -> task<> {
            int ended = 0;
            co_await with_task_group([&](task_group&) -> task<> {
                std::vector<task<int>> work;
                work.push_back(after_turns(1));
                for (int i = 0; i < 10; ++i) work.push_back(unwinds(ended));
                auto results = as_completed(std::move(work));
                const auto first = co_await results.next();
                CHECK(first == 1);
            });
            CHECK(ended == 10);
        }());
    }

    TEST_CASE("ten thousand tasks come back, each once") {
        run_blocking([]() -> task<> {
            constexpr int many = 10'000;
            auto numbers = std::views::iota(0, many);
            auto work = numbers | std::views::transform([](int n) {
                            return [](int value) -> task<int> {
                                for (int i = 0; i < value % 7; ++i) co_await checkpoint();
                                co_return value;
                            }(n);
                        });
            std::vector<int> seen(many);
            auto results = as_completed(work);
            while (auto value = co_await results.next()) ++seen[static_cast<std::size_t>(*value)];
            CHECK(std::ranges::all_of(seen, [](int times) { return times == 1; }));
        }());
    }
}
