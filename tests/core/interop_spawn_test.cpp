// spawn with each kind of completion token: values, errors, cancellation through the token's slot.

#include <braid/core/spawn.hpp>

#include <braid/core/sleep.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <doctest/doctest.h>

#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>

using namespace braid;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

task<int> give(int value) {
    co_await checkpoint();
    co_return value;
}
task<int> fail() {
    co_await checkpoint();
    throw std::domain_error("no value");
}
task<int> wait_forever() {
    co_await sleep_for(1h);
    co_return 0;
}

/// How it ended, told by the exception.
std::string told_by(const std::exception_ptr& error) {
    if (!error) return "value";
    try {
        std::rethrow_exception(error);
    } catch (const cancelled& c) {
        return "cancelled: " + std::string(to_string(c.reason()));
    } catch (const std::domain_error& e) {
        return e.what();
    }
}

}  // namespace

TEST_SUITE("core/interop_spawn") {
    TEST_CASE("a callback gets value, error and cancellation") {
        asio::io_context context;
        asio::cancellation_signal signal;
        std::string first, second, third;
        int value = 0;
        spawn(context, give(3), [&](std::exception_ptr e, int v) {
            first = told_by(e);
            value = v;
        });
        spawn(context, fail(), [&](std::exception_ptr e, int) { second = told_by(e); });
        spawn(context, wait_forever(),
              asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e, int) { third = told_by(e); }));
        context.poll();
        signal.emit(asio::cancellation_type::terminal);
        context.run();
        CHECK(first == "value");
        CHECK(value == 3);
        CHECK(second == "no value");
        CHECK(third == "cancelled: user");
    }

    TEST_CASE("a callback runs on its associated executor") {
        asio::io_context context;
        asio::thread_pool elsewhere(1);
        std::promise<std::thread::id> where;
        spawn(context, give(1), asio::bind_executor(elsewhere, [&](std::exception_ptr, int) {
                  where.set_value(std::this_thread::get_id());
              }));
        context.run();
        elsewhere.join();
        CHECK(where.get_future().get() != std::this_thread::get_id());
    }

    TEST_CASE("use_future gets value and error, and its slot cancels") {
        asio::thread_pool pool(1);
        asio::cancellation_signal signal;
        CHECK(spawn(pool, give(4), asio::use_future).get() == 4);
        CHECK_THROWS_AS(static_cast<void>(spawn(pool, fail(), asio::use_future).get()), std::domain_error);
        auto stopped = spawn(pool, wait_forever(), asio::bind_cancellation_slot(signal.slot(), asio::use_future));
        signal.emit(asio::cancellation_type::terminal);
        CHECK_THROWS_AS(static_cast<void>(stopped.get()), cancelled);
        pool.join();
    }

    TEST_CASE("deferred starts the task when it is asked to, with another token") {
        asio::io_context context;
        asio::cancellation_signal signal;
        auto later = spawn(context, give(5), asio::deferred);
        auto never = spawn(context, wait_forever(), asio::deferred);
        auto dropped = spawn(context, give(6), asio::deferred);
        static_cast<void>(dropped);
        CHECK(context.poll() == 0);
        context.restart();
        int value = 0;
        std::string end;
        std::move(later)([&](std::exception_ptr, int v) { value = v; });
        std::move(never)(
            asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e, int) { end = told_by(e); }));
        context.poll();
        signal.emit(asio::cancellation_type::all);
        context.run();
        CHECK(value == 5);
        CHECK(end == "cancelled: user");
    }

    TEST_CASE("use_awaitable gets value, error and cancellation") {
        asio::io_context context;
        asio::cancellation_signal signal;
        int value = 0;
        std::string error, end;
        asio::co_spawn(
            context,
            [&]() -> asio::awaitable<void> {
                value = co_await spawn(context, give(7), asio::use_awaitable);
                try {
                    co_await spawn(context, fail(), asio::use_awaitable);
                } catch (const std::domain_error& e) {
                    error = e.what();
                }
                asio::post(context, [&] { signal.emit(asio::cancellation_type::terminal); });
                co_await spawn(context, wait_forever(), asio::use_awaitable);
            },
            asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e) { end = told_by(e); }));
        context.run();
        CHECK(value == 7);
        CHECK(error == "no value");
        CHECK(end == "cancelled: user");
    }

    TEST_CASE("detached drops value, error and cancellation") {
        asio::io_context context;
        asio::cancellation_signal signal;
        spawn(context, give(8), asio::detached);
        spawn(context, fail(), asio::detached);
        spawn(context, wait_forever(), asio::bind_cancellation_slot(signal.slot(), asio::detached));
        context.poll();
        signal.emit(asio::cancellation_type::terminal);
        context.run();
        CHECK(context.stopped());
    }
}
