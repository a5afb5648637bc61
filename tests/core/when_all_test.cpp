#include <braid/core/when_all.hpp>

#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>

#include <doctest/doctest.h>

#include <functional>
#include <ranges>
#include <stdexcept>
#include <utility>
#include <vector>

using namespace braid;
using namespace std::chrono_literals;

namespace {

task<int> give(int value) { co_return value; }
task<int> fail_late() {
    co_await sleep_for(1ms);
    throw std::runtime_error("late");
}

}  // namespace

TEST_SUITE("core/when_all") {
    TEST_CASE("when_all gives all values in order") {
        run_blocking([]() -> task<> {
            auto [a, b, c] = co_await when_all(give(1), give(2), sleep_for(1ms));
            CHECK(a == 1);
            CHECK(b == 2);
            std::vector<task<int>> many;
            for (int i = 0; i < 10; ++i) many.push_back(give(i));
            const std::vector<int> values = co_await when_all(std::move(many));
            CHECK(values.size() == 10);
            for (int i = 0; i < 10; ++i) CHECK(values[static_cast<std::size_t>(i)] == i);
        }());
    }

    TEST_CASE("a range of tasks may be a view that makes them, of references, or void") {
        run_blocking([]() -> task<> {
            const auto numbers = co_await when_all(std::views::iota(0, 5) | std::views::transform(give));
            const std::vector<int> expected{0, 1, 2, 3, 4};
            CHECK(numbers == expected);
            int x = 1;
            auto same = [](int& n) -> task<int&> { co_return n; };
            std::vector<task<int&>> references;
            references.push_back(same(x));
            const auto refs = co_await when_all(std::move(references));
            CHECK(&refs.at(0).get() == &x);
            std::vector<task<>> silent;
            silent.push_back([](int& n) -> task<> {
                n = 2;
                co_return;
            }(x));
            co_await when_all(std::move(silent));
            CHECK(x == 2);
        }());
    }

    TEST_CASE("when_all_settled tells every outcome, and none cancels another") {
        run_blocking([]() -> task<> {
            auto [value, error, nothing] = co_await when_all_settled(give(1), fail_late(), sleep_for(1ms));
            CHECK(value.value() == 1);
            CHECK_FALSE(error.has_value());
            CHECK_THROWS_WITH_AS(static_cast<void>(error.value()), "late", std::runtime_error);
            CHECK(nothing.has_value());

            std::vector<task<int>> many;
            for (int i = 0; i < 10; ++i) many.push_back(i % 2 ? give(i) : fail_late());
            const auto outcomes = co_await when_all_settled(std::move(many));
            REQUIRE(outcomes.size() == 10);
            for (std::size_t i = 0; i < 10; ++i) CHECK(outcomes[i].has_value() == (i % 2 == 1));
            const auto none = co_await when_all_settled(std::vector<task<int>>());
            CHECK(none.empty());
        }());
    }

    TEST_CASE("when_all_settled in cancelled surroundings still gives the values that are there") {
        run_blocking([]() -> task<> {
            co_await with_task_group([](task_group& g) -> task<> {
                g.start(
                    [](task_group& group) -> task<> {
                        co_await checkpoint();
                        group.cancel(cancel_reason::shutdown);
                    },
                    std::ref(g));
                auto [value, stopped] = co_await when_all_settled(give(1), sleep_for(1h));
                CHECK(value.value() == 1);
                CHECK(stopped.cancelled() == cancel_reason::shutdown);
            });
        }());
    }
}
