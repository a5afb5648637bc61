// A million of each.

#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>

#include <support/sanitized.hpp>

#include <doctest/doctest.h>

#include <functional>
#include <random>

using namespace braid;
using namespace std::chrono_literals;

namespace {

constexpr int many = braid_test::sanitized ? 100'000 : 1'000'000;

task<> wait_to_be_cancelled(int& begun, int& ended) {
    ++begun;
    try {
        co_await sleep_for(1h);
    } catch (const cancelled&) {
        ++ended;
        throw;
    }
}

/// What times were slept until, by tasks that all sleep before the first wakes; a machine that is too slow for that
/// puts those that it was too slow for in no order.
struct alarms {
    int armed = 0;
    int fired = 0;
    int out_of_order = 0;
    time_point all_armed = time_point::max();
    time_point latest = time_point::min();

    task<> wait_until(time_point when) {
        if (++armed == many) all_armed = time_point::clock::now();
        co_await sleep_until(when);
        ++fired;
        if (when < all_armed) co_return;
        out_of_order += when < latest;
        latest = when;
    }
};

task<int> chain(int depth, bool wait) {
    if (depth == 0) {
        if (wait) co_await checkpoint();
        co_return 0;
    }
    const int below = co_await chain(depth - 1, wait);
    co_return 1 + below;
}

task<int> chain_that_throws(int depth) {
    if (depth == 0) throw 7;
    co_return co_await chain_that_throws(depth - 1);
}

}  // namespace

TEST_SUITE("core/scale") {
    TEST_CASE("a million tasks live at once, and all are cancelled") {
        run_blocking([]() -> task<> {
            int begun = 0, ended = 0;
            co_await with_task_group([&](task_group& g) -> task<> {
                for (int i = 0; i < many; ++i) g.start(wait_to_be_cancelled, std::ref(begun), std::ref(ended));
                while (begun != many) co_await checkpoint();
                CHECK(g.size() == static_cast<std::size_t>(many));
                g.cancel();
            });
            CHECK(ended == many);
        }());
    }

    TEST_CASE("a million timers fire, in their order") {
        run_blocking([]() -> task<> {
            std::mt19937 random(20);
            std::uniform_int_distribution<int> ms(0, 200);
            alarms all;
            const time_point first = time_point::clock::now() + 3s;
            co_await with_task_group([&](task_group& g) -> task<> {
                for (int i = 0; i < many; ++i) {
                    g.start(&alarms::wait_until, &all, first + std::chrono::milliseconds(ms(random)));
                }
                co_return;
            });
            CHECK(all.fired == many);
            CHECK(all.out_of_order == 0);
        }());
    }

    TEST_CASE("a chain of 100,000 awaits gives its value, or throws, from the bottom to the top") {
        CHECK(run_blocking(chain(100'000, false)) == 100'000);
        CHECK(run_blocking(chain(100'000, true)) == 100'000);
        constexpr int thrown_levels = braid_test::sanitized ? 10'000 : 100'000;
        CHECK_THROWS_AS(run_blocking(chain_that_throws(thrown_levels)), int);
    }

    TEST_CASE("a million children, one after the other") {
        run_blocking([]() -> task<> {
            int ran = 0;
            co_await with_task_group([&](task_group& g) -> task<> {
                for (int i = 0; i < 1'000'000; ++i) {
                    g.start(
                        [](int& n) -> task<> {
                            ++n;
                            co_return;
                        },
                        std::ref(ran));
                    co_await g.join();
                }
            });
            CHECK(ran == 1'000'000);
        }());
    }
}
