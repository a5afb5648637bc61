#include <braid/core/deadline.hpp>

#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>

#include <braid/core/task_group.hpp>

#include <doctest/doctest.h>

using namespace braid;
using namespace std::chrono_literals;

namespace {

task<int> give(int value) { co_return value; }

}  // namespace

TEST_SUITE("core/deadline") {
    TEST_CASE("work that ends in time gives its value") {
        run_blocking([]() -> task<> {
            CHECK(co_await fail_after(1h, give(3)) == 3);
            CHECK(*co_await move_on_after(1h, give(3)) == 3);
        }());
    }

    TEST_CASE("of nested deadlines the earlier one wins, whichever is outside") {
        run_blocking([]() -> task<> {
            CHECK_FALSE(co_await move_on_after(1ms, fail_after(1h, sleep_for(1h))));
            CHECK_THROWS_AS(co_await fail_after(1h, fail_after(1ms, sleep_for(1h))), timed_out);
        }());
    }

    TEST_CASE("a duration too long for the clock means never") {
        run_blocking([]() -> task<> {
            CHECK(co_await fail_after(duration::max(), give(1)) == 1);
            CHECK(co_await move_on_after(std::chrono::hours::max(), checkpoint()));
            CHECK_FALSE(co_await move_on_after(1ms, sleep_for(std::chrono::duration<double>(1e300))));
        }());
    }

    TEST_CASE("a deadline that has passed refuses every await, but not a value that needs none") {
        run_blocking([]() -> task<> {
            CHECK(co_await fail_after(-1s, give(1)) == 1);
            CHECK_THROWS_AS(co_await fail_after(0s, checkpoint()), timed_out);
            CHECK_FALSE(co_await move_on_at(time_point::min(), sleep_for(0s)));
        }());
    }

    TEST_CASE("what a deadline cut off says why the surroundings were cancelled, when those were cancelled too") {
        run_blocking([]() -> task<> {
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
        }());
    }

    TEST_CASE("an exception thrown while cleaning up after a deadline is not lost") {
        run_blocking([]() -> task<> {
            auto broken = []() -> task<> {
                try {
                    co_await sleep_for(1h);
                } catch (const cancelled&) {
                    throw std::runtime_error("clean-up failed");
                }
            };
            CHECK_THROWS_WITH_AS(co_await fail_after(1ms, broken()), "clean-up failed", std::runtime_error);
        }());
    }

    TEST_CASE("a reference is given through a deadline") {
        run_blocking([]() -> task<> {
            int x = 1;
            auto reference = [](int& to) -> task<int&> { co_return to; };
            int& same = co_await fail_after(1h, reference(x));
            CHECK(&same == &x);
        }());
    }
}
