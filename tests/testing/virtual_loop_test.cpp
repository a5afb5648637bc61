#include <braid/testing/virtual_loop.hpp>

#include <braid/core/deadline.hpp>
#include <braid/core/job.hpp>
#include <braid/core/shield.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>
#include <braid/sync/channel.hpp>
#include <braid/testing/co_test_case.hpp>

#include <doctest/doctest.h>

#include <functional>
#include <set>
#include <stdexcept>
#include <string>

using namespace braid;
using namespace std::chrono_literals;
using testing::run_virtual;

namespace {

task<> note(std::string& order, char name) {
    order += name;
    co_return;
}

/// The order in which three children begin that are ready at the same time.
task<std::string> order_of_three() {
    std::string order;
    co_await with_task_group([&order](task_group& g) -> task<> {
        for (const char name : {'a', 'b', 'c'}) g.start(note, std::ref(order), name);
        co_return;
    });
    co_return order;
}

}  // namespace

TEST_SUITE("testing/virtual_loop") {
    TEST_CASE("years pass in no time, and exactly") {
        const auto begin = detail::clock::now();
        const duration slept = run_virtual([]() -> task<duration> {
            const time_point start = detail::now();
            co_await sleep_for(24h * 365);
            const bool in_time = co_await move_on_after(1h, sleep_for(2h));
            CHECK_FALSE(in_time);
            co_return detail::now() - start;
        }());
        CHECK(slept == 24h * 365 + 1h);
        CHECK(detail::clock::now() - begin < 1min);
    }

    TEST_CASE("time stands still while anything is ready") {
        run_virtual([]() -> task<> {
            const time_point start = detail::now();
            for (int i = 0; i < 10'000; ++i) co_await checkpoint();
            CHECK(detail::now() == start);
        }());
    }

    TEST_CASE("a value and an exception come out") {
        CHECK(run_virtual([]() -> task<int> { co_return 3; }()) == 3);
        const auto fail = []() -> task<> {
            co_await sleep_for(1s);
            throw std::runtime_error("broken");
        };
        CHECK_THROWS_WITH_AS(run_virtual(fail()), "broken", std::runtime_error);
    }

    TEST_CASE("a wait that nobody will end is a deadlock, and the waiting task unwinds") {
        bool unwound = false;
        const auto wait = [](bool& left) -> task<> {
            channel<int> nobody_pushes(1);
            try {
                co_await nobody_pushes.pop();
            } catch (const cancelled&) {
                left = true;
                throw;
            }
        };
        CHECK_THROWS_AS(run_virtual(wait(unwound)), testing::deadlock);
        CHECK(unwound);
    }

    TEST_CASE("a sleep without end is a deadlock too") {
        const auto wait = []() -> task<> { co_await sleep_until(time_point::max()); };
        CHECK_THROWS_AS(run_virtual(wait()), testing::deadlock);
    }

    TEST_CASE("to wait for time to pass without sleeping is a deadlock, and no endless loop") {
        const auto spin = []() -> task<> {
            const time_point then = detail::now() + 1s;
            while (detail::now() < then) co_await checkpoint();
        };
        CHECK_THROWS_WITH_AS(run_virtual(spin()), doctest::Contains("time stands still"), testing::deadlock);
    }

    TEST_CASE("a clean-up after a deadlock may take its time") {
        bool clean = false;
        const auto wait = [](bool& cleaned) -> task<> {
            channel<int> nobody_pushes(1);
            try {
                co_await nobody_pushes.pop();
            } catch (const cancelled&) {
            }
            co_await shield(sleep_for(1h));
            cleaned = true;
        };
        CHECK_THROWS_AS(run_virtual(wait(clean)), testing::deadlock);
        CHECK(clean);
    }

    TEST_CASE("inside a coroutine it is refused") {
        run_blocking([]() -> task<> {
            const auto inner = []() -> task<> { co_return; };
            CHECK_THROWS_AS(run_virtual(inner()), usage_error);
            co_return;
        }());
    }

    TEST_CASE("without a seed what is ready runs in order, with one in an order that the seed decides") {
        CHECK(run_virtual(order_of_three()) == "abc");
        std::set<std::string> orders;
        for (std::uint64_t seed = 0; seed < 200; ++seed) {
            const std::string order = run_virtual(order_of_three(), {.seed = seed});
            CHECK(order == run_virtual(order_of_three(), {.seed = seed}));
            orders.insert(order);
        }
        CHECK(orders.size() == 6);
    }

    CO_TEST_CASE("the body of a test can be a coroutine") {
        const time_point start = detail::now();
        co_await sleep_for(1h);
        CHECK(detail::now() - start == 1h);
    }

    int orders_seen = 0;
    CO_TEST_CASE_SHUFFLED("a shuffled test runs several times") {
        ++orders_seen;
        const std::string order = co_await order_of_three();
        CHECK(order.size() == 3);
    }
    TEST_CASE("as often as there are seeds") {
        orders_seen = 0;
        testing::run_shuffled_co_test([]() -> task<> {
            ++orders_seen;
            co_return;
        });
        CHECK(orders_seen == static_cast<int>(testing::test_seeds().size()));
    }
}
