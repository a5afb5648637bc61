#include <braid/core/use_task.hpp>

#include <braid/core/deadline.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/this_executor.hpp>
#include <braid/core/when_all.hpp>

#include <boost/asio/steady_timer.hpp>

#include <doctest/doctest.h>

using namespace braid;
using namespace std::chrono_literals;

TEST_SUITE("core/use_task") {
    TEST_CASE("an Asio operation is awaited in a task") {
        run_blocking([]() -> task<> {
            boost::asio::steady_timer timer(co_await this_executor(), 1ms);
            co_await timer.async_wait(use_task);
        }());
    }

    TEST_CASE("a deadline stops an Asio operation") {
        run_blocking([]() -> task<> {
            boost::asio::steady_timer timer(co_await this_executor(), 1h);
            CHECK_THROWS_AS(co_await fail_after(1ms, timer.async_wait(use_task)), timed_out);
            CHECK_FALSE(co_await move_on_after(1ms, timer.async_wait(use_task)));
        }());
    }

    TEST_CASE("an error of an Asio operation is thrown as a system error") {
        run_blocking([]() -> task<> {
            boost::asio::steady_timer timer(co_await this_executor(), 1h);
            bool thrown = false;
            co_await when_all(
                [](auto& t, bool& flag) -> task<> {
                    try {
                        co_await t.async_wait(use_task);
                    } catch (const boost::system::system_error& e) {
                        flag = e.code() == boost::asio::error::operation_aborted;
                    }
                }(timer, thrown),
                [](auto& t) -> task<> {
                    co_await checkpoint();
                    t.cancel();
                }(timer));
            CHECK(thrown);
        }());
    }
}
