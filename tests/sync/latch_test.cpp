#include <braid/sync/latch.hpp>

#include <braid/core/error.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>

#include <support/crowd.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

using namespace braid;
using braid_test::crowd;
using braid_test::many;

namespace {

task<> arrive(latch& l, std::atomic<std::size_t>& passed) {
    co_await l.arrive_and_wait();
    ++passed;
}

}  // namespace

TEST_SUITE("sync/latch") {
    TEST_CASE("it opens when all has happened, and stays open") {
        run_blocking([]() -> task<> {
            latch l(3);
            std::atomic<std::size_t> passed = 0;
            co_await with_task_group([&](task_group& g) -> task<> {
                g.start(arrive, std::ref(l), std::ref(passed));
                g.start(arrive, std::ref(l), std::ref(passed));
                co_await checkpoint();
                co_await checkpoint();
                CHECK(passed == 0);
                CHECK_FALSE(l.try_wait());
                l.count_down();
                CHECK(l.try_wait());
            });
            CHECK(passed == 2);
            co_await l.wait();
        }());
    }

    TEST_CASE("counting down by more than is expected, or by less than nothing, is an error and changes nothing") {
        CHECK_THROWS_AS(latch(-1), usage_error);
        latch l(2);
        CHECK_THROWS_AS(l.count_down(3), usage_error);
        CHECK_THROWS_AS(l.count_down(-1), usage_error);
        l.count_down(0);
        l.count_down(2);
        l.wait_blocking();
        CHECK_THROWS_AS(l.count_down(), usage_error);
        CHECK(latch(0).try_wait());
    }

    TEST_CASE("plain threads count down, and wait") {
        latch l(4);
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; ++i) threads.emplace_back([&] { l.count_down(); });
        l.wait_blocking();
        for (auto& t : threads) t.join();
        CHECK(l.try_wait());
    }

    TEST_CASE("of a crowd on four loops, half of it cancelled at random, none is lost and none passes it twice") {
        latch l(static_cast<std::ptrdiff_t>(many));
        std::atomic<std::size_t> passed = 0;
        crowd c;
        c.start([&](std::size_t) {
            return [](latch& mine, std::atomic<std::size_t>& out) -> task<> {
                co_await mine.wait();
                ++out;
            }(l, passed);
        });
        c.cancel_half(5, [&] {
            for (std::size_t i = 0; i < many; ++i) l.count_down();
        });
        const std::size_t stopped = c.join();
        CHECK(passed + stopped == many);
        CHECK(stopped >= many / 8);
    }
}
