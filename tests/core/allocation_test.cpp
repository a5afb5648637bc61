// What the documentation says of memory: an Asio operation that is awaited, a sleep and a call on a pool take theirs
// from the awaiting frame.

#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/this_executor.hpp>
#include <braid/core/use_task.hpp>
#include <braid/thread/thread_pool.hpp>

#include <boost/asio/connect_pipe.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/readable_pipe.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/writable_pipe.hpp>
#include <boost/asio/write.hpp>

#include <support/count_allocations.hpp>

#include <doctest/doctest.h>

#include <array>

using namespace braid;
using namespace std::chrono_literals;
using braid_test::allocations_of_this_thread;
namespace asio = boost::asio;

namespace {

/// Of a hundred times, after ten for what is made once.
template <class Step>
task<std::size_t> allocations_of(Step step) {
    for (int i = 0; i < 10; ++i) co_await step();
    const std::size_t before = allocations_of_this_thread();
    for (int i = 0; i < 100; ++i) co_await step();
    co_return allocations_of_this_thread() - before;
}

}  // namespace

TEST_SUITE("core/allocation") {
    TEST_CASE("to sleep, and to give way, asks for no memory") {
        const auto sleeps = []() -> task<> {
            co_await sleep_for(1us);
            co_await checkpoint();
        };
        CHECK(run_blocking(allocations_of(sleeps)) == 0);
    }

    TEST_CASE("an Asio operation asks for no memory, nor does one that is composed of several") {
        run_blocking([]() -> task<> {
            asio::steady_timer timer(co_await this_executor());
            const auto waits = [&timer]() -> task<> {
                timer.expires_after(1us);
                co_await timer.async_wait(use_task);
            };
            CHECK(co_await allocations_of(waits) == 0);

            asio::readable_pipe from(co_await this_executor());
            asio::writable_pipe to(co_await this_executor());
            asio::connect_pipe(from, to);
            std::array<char, 100> bytes{};
            const auto moves = [&]() -> task<> {
                co_await asio::async_write(to, asio::buffer(bytes), use_task);
                co_await asio::async_read(from, asio::buffer(bytes), use_task);
            };
            CHECK(co_await allocations_of(moves) == 0);
        }());
    }

    TEST_CASE("a call on a pool asks for no memory") {
        thread_pool pool({.threads = 1});
        const auto calls = [&pool]() -> task<> { co_await pool.run([](int x) { return x + 1; }, 1); };
        CHECK(run_blocking(allocations_of(calls)) == 0);
    }
}
