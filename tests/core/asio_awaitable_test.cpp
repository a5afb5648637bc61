#include <braid/core/asio_awaitable.hpp>

#include "support/cancel_everywhere.hpp"

#include <braid/core/deadline.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>
#include <braid/core/when_all.hpp>
#include <braid/core/when_any.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <braid/testing/co_test_case.hpp>

#include <doctest/doctest.h>

#include <future>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace braid;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using braid_test::cancel_everywhere;
using braid_test::witness;

namespace {

asio::awaitable<int> answer() { co_return 42; }

asio::awaitable<int> answer_later() {
    asio::steady_timer timer(co_await asio::this_coro::executor, 50us);
    co_await timer.async_wait(asio::use_awaitable);
    co_return co_await answer();
}
asio::awaitable<void> forever() {
    asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
    co_await timer.async_wait(asio::use_awaitable);
}
asio::awaitable<void> fail_later() {
    co_await asio::post(asio::use_awaitable);
    throw std::invalid_argument("from afar");
}

struct no_default {
    explicit no_default(int n) : number(std::make_unique<int>(n)) {}
    std::unique_ptr<int> number;
};
asio::awaitable<no_default> make_no_default() {
    co_await asio::post(asio::use_awaitable);
    co_return no_default(7);
}

task<int> hundred_awaits() {
    int sum = 0;
    for (int i = 0; i < 100; ++i) {
        auto in_time = co_await move_on_after(std::chrono::microseconds(i), answer_later());
        sum += in_time ? 1 : 0;
        ++sum;
    }
    co_return sum;
}

}  // namespace

TEST_SUITE("core/asio_awaitable") {
    TEST_CASE("an asio::awaitable is awaited like a task, whether it suspends or not") {
        run_blocking([]() -> task<> {
            const int now = co_await answer();
            CHECK(now == 42);
            const int later = co_await answer_later();
            CHECK(later == 42);
            auto kept = answer_later();
            const int named = co_await std::move(kept);
            CHECK(named == 42);
            const no_default made = co_await make_no_default();
            CHECK(*made.number == 7);
        }());
    }

    TEST_CASE("its exception comes out with its type") {
        run_blocking(
            []() -> task<> { CHECK_THROWS_WITH_AS(co_await fail_later(), "from afar", std::invalid_argument); }());
    }

    TEST_CASE("it runs on the thread of the task, wherever its operations end") {
        asio::thread_pool pool(2);
        run_blocking([](asio::thread_pool& p) -> task<> {
            auto elsewhere = [](asio::thread_pool& there) -> asio::awaitable<std::thread::id> {
                co_await asio::post(there, asio::use_awaitable);
                co_return std::this_thread::get_id();
            };
            const auto id = co_await elsewhere(p);
            CHECK(id == std::this_thread::get_id());
        }(pool));
        pool.join();
    }

    TEST_CASE("a deadline stops it, and it has ended when the await returns") {
        run_blocking([]() -> task<> {
            CHECK_THROWS_AS(co_await fail_after(1ms, forever()), timed_out);
            int alive = 0;
            auto watched = [](int& n) -> asio::awaitable<void> {
                const witness here(n);
                co_await forever();
            };
            const bool in_time = co_await move_on_after(1ms, watched(alive));
            CHECK_FALSE(in_time);
            CHECK(alive == 0);
        }());
    }

    TEST_CASE("it takes part in races and groups") {
        run_blocking([]() -> task<> {
            const auto race = co_await when_any(forever(), answer_later());
            CHECK(race.winner == 1);
            const auto [a, b] = co_await when_all(answer(), answer_later());
            CHECK(a + b == 84);
        }());
    }

    CO_TEST_CASE("a task inside an awaitable inside a task is cancelled from outside") {
        bool told = false;
        auto inner = [](bool& flag) -> task<> {
            try {
                co_await sleep_for(1h);
            } catch (const cancelled&) {
                flag = true;
                throw;
            }
        };
        auto middle = [&]() -> asio::awaitable<void> {
            co_await spawn(co_await asio::this_coro::executor, inner(told), asio::use_awaitable);
        };
        const bool in_time = co_await move_on_after(1ms, middle());
        CHECK_FALSE(in_time);
        CHECK(told);
    }

    TEST_CASE("cancelled at whatever step, it unwinds") {
        cancel_everywhere([](int& alive) -> task<> {
            auto steps = [](int& n) -> asio::awaitable<void> {
                const witness here(n);
                for (int i = 0; i < 3; ++i) co_await answer_later();
            };
            co_await steps(alive);
            co_await when_all(steps(alive), steps(alive));
        });
    }

    TEST_CASE("on a loop that four threads run, every await ends once, cancelled or not") {
        asio::io_context context;
        std::vector<std::future<int>> roots;
        for (int i = 0; i < 4; ++i) roots.push_back(spawn(context, hundred_awaits(), asio::use_future));
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i) threads.emplace_back([&] { context.run(); });
        for (auto& r : roots) {
            const int ended = r.get();
            CHECK(ended >= 100);
        }
    }

    TEST_CASE("an I/O object made with its executor outlives the task") {
        asio::io_context context;
        auto make = []() -> asio::awaitable<asio::steady_timer> {
            co_return asio::steady_timer(co_await asio::this_coro::executor, 1us);
        };
        std::unique_ptr<asio::steady_timer> timer;
        spawn(
            context,
            [](auto& to, auto& m) -> task<> { to = std::make_unique<asio::steady_timer>(co_await m()); }(timer, make),
            [](std::exception_ptr e) { CHECK_FALSE(e); });
        context.run();
        context.restart();
        bool fired = false;
        timer->async_wait([&](boost::system::error_code e) { fired = !e; });
        context.run();
        CHECK(fired);
    }
}
