#include <braid/core/shield.hpp>

#include <braid/core/deadline.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>
#include <braid/core/this_executor.hpp>
#include <braid/core/use_task.hpp>

#include <boost/asio/steady_timer.hpp>

#include <doctest/doctest.h>

#include <stdexcept>

using namespace braid;
using namespace std::chrono_literals;

namespace {

task<int> three_steps() {
    for (int i = 0; i < 3; ++i) co_await checkpoint();
    co_return 3;
}
task<int> fails() {
    co_await checkpoint();
    throw std::runtime_error("inside");
}

}  // namespace

TEST_SUITE("core/shield") {
    TEST_CASE("shielded work is seen through in cancelled surroundings, and what follows it is not") {
        int value = 0;
        bool went_on = false;
        run_blocking([](int& v, bool& on) -> task<> {
            co_await with_task_group([&](task_group& g) -> task<> {
                g.cancel();
                v = co_await shield(three_steps());
                co_await checkpoint();
                on = true;
            });
        }(value, went_on));
        CHECK(value == 3);
        CHECK_FALSE(went_on);
    }

    TEST_CASE("a cancellation that comes while shielded work runs does not reach it") {
        int value = 0;
        run_blocking([](int& v) -> task<> {
            co_await with_task_group([&](task_group& g) -> task<> {
                g.start(
                    [](task_group& group) -> task<> {
                        group.cancel();
                        co_return;
                    },
                    std::ref(g));
                v = co_await shield(three_steps());
                CHECK(g.cancelled());
            });
        }(value));
        CHECK(value == 3);
    }

    TEST_CASE("groups and deadlines inside a shield work as ever") {
        bool stopped = false;
        int ended = 0;
        run_blocking([](bool& s, int& n) -> task<> {
            co_await with_task_group([&](task_group& outer) -> task<> {
                outer.cancel();
                s = !co_await shield(move_on_after(1ms, sleep_for(1h)));
                co_await shield(with_task_group([&](task_group& g) -> task<> {
                    g.start([](int& m) -> task<> { m = co_await three_steps(); }, std::ref(n));
                    co_return;
                }));
            });
        }(stopped, ended));
        CHECK(stopped);
        CHECK(ended == 3);
    }

    TEST_CASE("a failure inside a shield is rethrown") {
        CHECK_THROWS_WITH_AS(run_blocking(shield(fails())), "inside", std::runtime_error);
    }
}

TEST_SUITE("core/this_executor") {
    TEST_CASE("an I/O object made on it can be awaited") {
        bool fired = false;
        run_blocking([](bool& f) -> task<> {
            boost::asio::steady_timer timer(co_await this_executor(), 1ms);
            co_await timer.async_wait(use_task);
            f = true;
        }(fired));
        CHECK(fired);
    }
}
