#include <braid/core/stop.hpp>

#include <braid/core/deadline.hpp>
#include <braid/core/shield.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>

#include <doctest/doctest.h>

#include <optional>

using namespace braid;
using namespace std::chrono_literals;

namespace {

/// Computes until it is asked to stop, and awaits nothing.
task<long> compute() {
    long turns = 0;
    while (!stop_requested()) ++turns;
    co_return turns;
}
/// Asks nothing, but gives way.
task<> compute_politely() {
    for (;;) co_await checkpoint();
}
/// Computes without giving way until the time has come, then gives way.
task<> compute_rudely(time_point until) {
    while (time_point::clock::now() < until) {
    }
    co_await checkpoint();
}

}  // namespace

TEST_SUITE("core/stop") {
    TEST_CASE("stop_requested is false outside of coroutines, and in those that nobody cancelled") {
        CHECK_FALSE(stop_requested());
        run_blocking([]() -> task<> {
            CHECK_FALSE(stop_requested());
            co_await fail_after(1h, []() -> task<> {
                CHECK_FALSE(stop_requested());
                co_return;
            }());
        }());
    }

    TEST_CASE("a loop that only computes sees its deadline pass, though it keeps the loop from its timers") {
        run_blocking([]() -> task<> {
            const auto turns = co_await fail_after(5ms, compute());
            CHECK(turns > 0);  // a value that is there beats the deadline
            const auto nested = co_await fail_after(5ms, fail_after(1h, compute()));
            CHECK(nested > 0);
        }());
    }

    TEST_CASE("stop_requested tells of the scope it is asked in, and of those around it") {
        run_blocking([]() -> task<> {
            co_await with_task_group([](task_group& g) -> task<> {
                g.cancel();
                CHECK(stop_requested());
                co_await shield([]() -> task<> {
                    CHECK_FALSE(stop_requested());
                    co_await checkpoint();
                    CHECK_FALSE(stop_requested());
                }());
                CHECK(stop_requested());
            });
            CHECK_FALSE(stop_requested());
        }());
    }

    TEST_CASE("a checkpoint ends a loop whose deadline has passed") {
        run_blocking([]() -> task<> {
            const bool done = co_await move_on_after(5ms, compute_politely());
            CHECK_FALSE(done);
        }());
    }

    TEST_CASE("a checkpoint throws for a deadline that nobody had time to look at, the outermost of several") {
        run_blocking([]() -> task<> {
            const auto soon = time_point::clock::now() + 5ms;
            const bool done = co_await move_on_at(soon, compute_rudely(soon + 1ms));
            CHECK_FALSE(done);

            bool inner_gave_up = false;
            auto inner = [](time_point when, bool& gave_up) -> task<> {
                const bool in_time = co_await move_on_at(when, compute_rudely(when + 2ms));
                gave_up = !in_time;
            };
            const auto outer_time = time_point::clock::now() + 5ms;
            const bool outer = co_await move_on_at(outer_time, inner(outer_time + 1ms, inner_gave_up));
            CHECK_FALSE(outer);
            CHECK_FALSE(inner_gave_up);
        }());
    }
}
