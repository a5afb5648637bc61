#include <braid/core/spawn.hpp>

#include <braid/core/sleep.hpp>
#include <braid/core/task_group.hpp>
#include <braid/core/this_executor.hpp>
#include <braid/core/use_task.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#define BRAID_TEST_HAS_LSAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BRAID_TEST_HAS_LSAN 1
#endif
#endif
#if BRAID_TEST_HAS_LSAN
#include <sanitizer/lsan_interface.h>
#endif

using namespace braid;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

task<std::string> greet(std::string name) {
    co_await checkpoint();
    co_return "hello, " + name;
}
task<> fail() {
    co_await checkpoint();
    throw std::runtime_error("failed");
}

/// Children that share a counter without a lock: a sanitizer tells when two run at once.
task<int> count_without_a_lock() {
    int counted = 0;
    co_await with_task_group([&](task_group& g) -> task<> {
        for (int i = 0; i < 50; ++i) {
            g.start(
                [](int& n) -> task<> {
                    for (int k = 0; k < 20; ++k) {
                        ++n;
                        co_await checkpoint();
                    }
                    co_await sleep_for(10us);
                    ++n;
                },
                std::ref(counted));
        }
        co_return;
    });
    co_return counted;
}

}  // namespace

TEST_SUITE("core/spawn") {
    TEST_CASE("a callback gets the value or the exception, and spawn itself never begins the task") {
        asio::io_context context;
        std::string value;
        std::exception_ptr error;
        spawn(context, greet("you"), [&](std::exception_ptr, std::string v) { value = std::move(v); });
        spawn(context, fail(), [&](std::exception_ptr e) { error = std::move(e); });
        CHECK(value.empty());
        context.run();
        CHECK(value == "hello, you");
        CHECK_THROWS_WITH_AS(std::rethrow_exception(error), "failed", std::runtime_error);
    }

    TEST_CASE("a lambda with captures is kept for as long as its task lives") {
        boost::asio::io_context context;
        std::string seen;
        int value = 0;
        {
            const std::string text = "longer than what a string keeps in itself";
            spawn(
                context,
                [text, &seen]() -> task<int> {
                    co_await sleep_for(1ms);
                    seen = text;
                    co_return 7;
                },
                [&value](std::exception_ptr, int v) { value = v; });
            spawn(context.get_executor(), []() -> task<> { co_return; }, boost::asio::detached);
        }
        context.run();
        CHECK(seen == "longer than what a string keeps in itself");
        CHECK(value == 7);
    }

    TEST_CASE("a future gets the value or the exception") {
        asio::thread_pool pool(2);
        CHECK(spawn(pool, greet("you"), asio::use_future).get() == "hello, you");
        CHECK_THROWS_WITH_AS(spawn(pool, fail(), asio::use_future).get(), "failed", std::runtime_error);
        pool.join();
    }

    TEST_CASE("a detached task keeps its context running to its end") {
        asio::io_context context;
        bool ended = false;
        spawn(
            context,
            [](bool& flag) -> task<> {
                co_await sleep_for(1ms);
                flag = true;
            }(ended),
            asio::detached);
        context.run();
        CHECK(ended);
    }

    TEST_CASE("an asio::awaitable coroutine awaits a task, and its cancellation reaches that") {
        asio::io_context context;
        asio::cancellation_signal signal;
        std::string value;
        bool stopped = false;
        auto asio_side = [&]() -> asio::awaitable<void> {
            value = co_await spawn(context, greet("asio"), asio::use_awaitable);
            auto waits = [](bool& flag) -> task<> {
                try {
                    co_await sleep_for(1h);
                } catch (const cancelled& c) {
                    flag = c.reason() == cancel_reason::user;
                    throw;
                }
            };
            asio::steady_timer soon(context, 1ms);
            soon.async_wait([&](boost::system::error_code) { signal.emit(asio::cancellation_type::terminal); });
            co_await spawn(context, waits(stopped), asio::use_awaitable);
        };
        bool told = false;
        asio::co_spawn(context, asio_side(), asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e) {
                           try {
                               if (e) std::rethrow_exception(e);
                           } catch (const cancelled&) {
                               told = true;
                           }
                       }));
        context.run();
        CHECK(value == "hello, asio");
        CHECK(stopped);
        CHECK(told);
    }

    TEST_CASE("a cancellation after the end does nothing") {
        asio::cancellation_signal signal;
        {
            asio::io_context context;
            int completions = 0;
            spawn(context, greet("you"),
                  asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e, std::string) {
                      CHECK_FALSE(e);
                      ++completions;
                  }));
            context.run();
            signal.emit(asio::cancellation_type::all);
            context.restart();
            context.run();
            CHECK(completions == 1);
        }
        signal.emit(asio::cancellation_type::all);
    }

    TEST_CASE("a root is serial on a thread pool, on a strand, and on a loop that four threads run") {
        asio::thread_pool pool(4);
        auto on_pool = spawn(pool, count_without_a_lock(), asio::use_future);
        auto on_strand = spawn(asio::make_strand(pool), count_without_a_lock(), asio::use_future);
        CHECK(on_pool.get() == 50 * 21);
        CHECK(on_strand.get() == 50 * 21);
        pool.join();

        asio::io_context context;
        std::vector<std::future<int>> roots;
        for (int i = 0; i < 4; ++i) roots.push_back(spawn(context, count_without_a_lock(), asio::use_future));
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i) threads.emplace_back([&] { context.run(); });
        for (auto& root : roots) CHECK(root.get() == 50 * 21);
    }

    TEST_CASE(
        "a context that goes before its tasks have ended does no harm: nothing runs any more, nothing is released") {
#if BRAID_TEST_HAS_LSAN
        const __lsan::ScopedDisabler known_to_stay;
#endif
        asio::cancellation_signal signal;
        bool unwound = false;
        {
            asio::io_context context;
            asio::steady_timer outside(context, 1h);
            auto waits = [](asio::steady_timer& timer, bool& flag) -> task<> {
                const std::unique_ptr<bool, void (*)(bool*)> guard(&flag, [](bool* b) { *b = true; });
                asio::steady_timer own(co_await this_executor(), 1h);
                co_await with_task_group([&](task_group& g) -> task<> {
                    g.start([](asio::steady_timer& t) -> task<> { co_await t.async_wait(use_task); }, std::ref(timer));
                    g.start([]() -> task<> { co_await sleep_for(1h); });
                    co_await own.async_wait(use_task);
                });
            };
            spawn(context, waits(outside, unwound),
                  asio::bind_cancellation_slot(signal.slot(), [](std::exception_ptr) { FAIL("completed"); }));
            context.poll();
        }
        signal.emit(asio::cancellation_type::all);
        CHECK_FALSE(unwound);
    }
}
