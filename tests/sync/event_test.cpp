#include <braid/sync/event.hpp>

#include <braid/core/deadline.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>

#include <support/crowd.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <thread>

using namespace braid;
using namespace std::chrono_literals;
using braid_test::crowd;
using braid_test::many;

namespace {

task<> wait_and_count(event& e, std::atomic<std::size_t>& passed) {
    co_await e.wait();
    ++passed;
}

}  // namespace

TEST_SUITE("sync/event") {
    TEST_CASE("all wake, and late waiters pass without waiting") {
        run_blocking([]() -> task<> {
            event e;
            std::atomic<std::size_t> passed = 0;
            co_await with_task_group([&](task_group& g) -> task<> {
                for (int i = 0; i < 10; ++i) g.start(wait_and_count, std::ref(e), std::ref(passed));
                co_await checkpoint();
                co_await checkpoint();
                CHECK(passed == 0);
                e.set();
                e.set();
                CHECK(e.is_set());
            });
            CHECK(passed == 10);
            co_await e.wait();
            co_await e.wait();
        }());
    }

    TEST_CASE("after a clear one waits again, but those who were woken go on") {
        run_blocking([]() -> task<> {
            event e;
            std::atomic<std::size_t> passed = 0;
            co_await with_task_group([&](task_group& g) -> task<> {
                g.start(wait_and_count, std::ref(e), std::ref(passed));
                co_await checkpoint();
                e.set();
                e.clear();
                CHECK_FALSE(e.is_set());
                CHECK_THROWS_AS(co_await fail_after(1ms, e.wait()), timed_out);
            });
            CHECK(passed == 1);
        }());
    }

    TEST_CASE("an event may begin set") {
        event e(true);
        e.wait_blocking();
        CHECK(e.is_set());
    }

    TEST_CASE("a plain thread waits for a coroutine, and a coroutine for a thread") {
        event ping;
        event pong;
        std::thread other([&] {
            ping.wait_blocking();
            pong.set();
        });
        run_blocking([](event& there, event& back) -> task<> {
            there.set();
            co_await back.wait();
        }(ping, pong));
        other.join();
        CHECK(pong.is_set());
    }

    TEST_CASE("the event may go as soon as a wait for it has returned") {
        for (int i = 0; i < (braid_test::sanitized ? 200 : 2'000); ++i) {
            std::thread other;
            {
                event done;
                other = std::thread([&done] { done.set(); });
                done.wait_blocking();
            }
            other.join();
        }
    }

    TEST_CASE("of a crowd on four loops, half of it cancelled at random, none is lost and none woken twice") {
        event e;
        std::atomic<std::size_t> passed = 0;
        crowd c;
        c.start([&](std::size_t) { return wait_and_count(e, passed); });
        c.cancel_half(4, [&] { e.set(); });
        const std::size_t stopped = c.join();
        CHECK(passed + stopped == many);
        CHECK(stopped >= many / 8);
    }
}
