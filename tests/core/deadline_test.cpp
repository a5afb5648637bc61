#include <braid/core/deadline.hpp>

#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>

#include <braid/core/task_group.hpp>

#include <braid/testing/co_test_case.hpp>

#include <doctest/doctest.h>

using namespace braid;
using namespace std::chrono_literals;

namespace {

task<int> give(int value) { co_return value; }

}  // namespace

TEST_SUITE("core/deadline") {
    CO_TEST_CASE("work that ends in time gives its value") {
        CHECK(co_await fail_after(1h, give(3)) == 3);
        CHECK(*co_await move_on_after(1h, give(3)) == 3);
    }

    CO_TEST_CASE("of nested deadlines the earlier one wins, whichever is outside") {
        CHECK_FALSE(co_await move_on_after(1ms, fail_after(1h, sleep_for(1h))));
        CHECK_THROWS_AS(co_await fail_after(1h, fail_after(1ms, sleep_for(1h))), timed_out);
    }

    CO_TEST_CASE("a duration too long for the clock means never") {
        CHECK(co_await fail_after(duration::max(), give(1)) == 1);
        CHECK(co_await move_on_after(std::chrono::hours::max(), checkpoint()));
        CHECK_FALSE(co_await move_on_after(1ms, sleep_for(std::chrono::duration<double>(1e300))));
    }

    CO_TEST_CASE("a deadline that has passed refuses every await, but not a value that needs none") {
        CHECK(co_await fail_after(-1s, give(1)) == 1);
        CHECK_THROWS_AS(co_await fail_after(0s, checkpoint()), timed_out);
        CHECK_FALSE(co_await move_on_at(time_point::min(), sleep_for(0s)));
    }

    CO_TEST_CASE("what a deadline cut off says why the surroundings were cancelled, when those were cancelled too") {
        auto cleans_up = [](task_group& outside) -> task<> {
            try {
                co_await sleep_for(1h);
            } catch (const cancelled& c) {
                CHECK(c.reason() == cancel_reason::deadline);
                outside.cancel(cancel_reason::shutdown);
                throw;
            }
        };
        bool told = false;
        co_await with_task_group([&](task_group& outside) -> task<> {
            try {
                co_await fail_after(1ms, cleans_up(outside));
            } catch (const cancelled& c) {
                told = c.reason() == cancel_reason::shutdown;
                throw;
            }
        });
        CHECK(told);
    }

    CO_TEST_CASE("an exception thrown while cleaning up after a deadline is not lost") {
        auto broken = []() -> task<> {
            try {
                co_await sleep_for(1h);
            } catch (const cancelled&) {
                throw std::runtime_error("clean-up failed");
            }
        };
        CHECK_THROWS_WITH_AS(co_await fail_after(1ms, broken()), "clean-up failed", std::runtime_error);
    }

    CO_TEST_CASE("a reference is given through a deadline") {
        int x = 1;
        auto reference = [](int& to) -> task<int&> { co_return to; };
        int& same = co_await fail_after(1h, reference(x));
        CHECK(&same == &x);
    }
}
