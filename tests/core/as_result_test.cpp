#include <braid/core/as_result.hpp>

#include <braid/core/deadline.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>

using namespace braid;
using namespace std::chrono_literals;

TEST_SUITE("core/as_result") {
    TEST_CASE("values, void, references and move-only values arrive as outcomes") {
        run_blocking([]() -> task<> {
            int original = 1;
            auto number = []() -> task<int> { co_return 7; };
            auto same = [](int& x) -> task<int&> { co_return x; };
            auto owner = []() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(3); };
            auto a = co_await as_result(number());
            auto b = co_await as_result(checkpoint());
            auto c = co_await as_result(same(original));
            auto d = co_await as_result(owner());
            CHECK(a.value() == 7);
            CHECK(b.has_value());
            CHECK(&c.value() == &original);
            CHECK(*d.value() == 3);
            CHECK_FALSE(a.cancelled().has_value());
        }());
    }

    TEST_CASE("an exception arrives as a value, and is no cancellation") {
        run_blocking([]() -> task<> {
            auto broken = []() -> task<int> {
                co_await checkpoint();
                throw std::runtime_error("broken");
            };
            auto result = co_await as_result(broken());
            CHECK_FALSE(result.has_value());
            CHECK_FALSE(result.cancelled().has_value());
            CHECK_THROWS_WITH_AS(static_cast<void>(result.value()), "broken", std::runtime_error);
        }());
    }

    TEST_CASE("cancellation is told with its reason, and stays in force") {
        run_blocking([]() -> task<> {
            co_await with_task_group([](task_group& g) -> task<> {
                g.start(
                    [](task_group& group) -> task<> {
                        co_await checkpoint();
                        group.cancel(cancel_reason::shutdown);
                    },
                    std::ref(g));
                auto result = co_await as_result(sleep_for(1h));
                CHECK(result.cancelled() == cancel_reason::shutdown);
                auto again = co_await as_result(checkpoint());
                CHECK(again.cancelled() == cancel_reason::shutdown);
                bool thrown = false;
                try {
                    co_await checkpoint();
                } catch (const cancelled&) {
                    thrown = true;
                }
                CHECK(thrown);
            });
        }());
    }

    TEST_CASE("a deadline inside is an outcome like any other") {
        run_blocking([]() -> task<> {
            auto late = co_await as_result(fail_after(1ms, sleep_for(1h)));
            CHECK_FALSE(late.cancelled().has_value());
            CHECK_THROWS_AS(late.value(), timed_out);
        }());
    }
}
