#include <braid/sync/barrier.hpp>

#include <braid/core/deadline.hpp>
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
using namespace std::chrono_literals;
using braid_test::crowd;
using braid_test::many;

namespace {

struct endings {
    std::atomic<std::size_t> last = 0;
    std::atomic<std::size_t> together = 0;
    std::atomic<std::size_t> broken = 0;
};

task<> arrive(barrier& b, endings& e) {
    try {
        const bool last = co_await b.arrive_and_wait();
        ++(last ? e.last : e.together);
    } catch (const broken_barrier&) {
        ++e.broken;
    }
}

}  // namespace

TEST_SUITE("sync/barrier") {
    TEST_CASE("a barrier for nobody is an error") {
        CHECK_THROWS_AS(barrier(0), usage_error);
        CHECK_THROWS_AS(barrier(-1), usage_error);
    }

    TEST_CASE("it is reusable for a thousand rounds, and nobody is ever a round ahead") {
        run_blocking([]() -> task<> {
            barrier b(4);
            std::vector<int> rounds(4);
            int last = 0;
            co_await with_task_group([&](task_group& g) -> task<> {
                for (std::size_t i = 0; i < 4; ++i) {
                    g.start(
                        [](barrier& mine, std::vector<int>& done, std::size_t who, int& lasts) -> task<> {
                            for (int round = 0; round < 1'000; ++round) {
                                for (const int other : done) {
                                    if (other < round || other > round + 1) FAIL("somebody is in another round");
                                }
                                ++done[who];
                                const bool was_last = co_await mine.arrive_and_wait();
                                if (was_last) ++lasts;
                            }
                        },
                        std::ref(b), std::ref(rounds), i, std::ref(last));
                }
                co_return;
            });
            CHECK(rounds == std::vector<int>(4, 1'000));
            CHECK(last == 1'000);
            CHECK(b.waiting() == 0);
        }());
    }

    TEST_CASE("an abort releases everyone, and whoever comes later, until it is reset") {
        run_blocking([]() -> task<> {
            barrier b(3);
            endings e;
            co_await with_task_group([&](task_group& g) -> task<> {
                g.start(arrive, std::ref(b), std::ref(e));
                g.start(arrive, std::ref(b), std::ref(e));
                co_await checkpoint();
                co_await checkpoint();
                CHECK(b.waiting() == 2);
                b.abort();
                CHECK(b.is_broken());
            });
            CHECK(e.broken == 2);
            co_await arrive(b, e);
            CHECK(e.broken == 3);
            b.reset();
            CHECK_FALSE(b.is_broken());
            co_await with_task_group([&](task_group& g) -> task<> {
                for (int i = 0; i < 3; ++i) g.start(arrive, std::ref(b), std::ref(e));
                co_return;
            });
            CHECK(e.last == 1);
            CHECK(e.together == 2);
        }());
    }

    TEST_CASE("a reset releases everyone and begins a new round") {
        run_blocking([]() -> task<> {
            barrier b(2);
            endings e;
            co_await with_task_group([&](task_group& g) -> task<> {
                g.start(arrive, std::ref(b), std::ref(e));
                co_await checkpoint();
                co_await checkpoint();
                b.reset();
                CHECK_FALSE(b.is_broken());
                CHECK(b.waiting() == 0);
                g.start(arrive, std::ref(b), std::ref(e));
                g.start(arrive, std::ref(b), std::ref(e));
            });
            CHECK(e.broken == 1);
            CHECK(e.last == 1);
            CHECK(e.together == 1);
        }());
    }

    TEST_CASE("an arrival that is cancelled is taken back") {
        run_blocking([]() -> task<> {
            barrier b(2);
            CHECK_THROWS_AS(static_cast<void>(co_await fail_after(1ms, b.arrive_and_wait())), timed_out);
            CHECK(b.waiting() == 0);
            CHECK_THROWS_AS(static_cast<void>(co_await fail_after(1ms, b.arrive_and_wait())), timed_out);
        }());
    }

    TEST_CASE("plain threads and a coroutine meet") {
        barrier b(3);
        std::atomic<int> last = 0;
        const auto thread_rounds = [&] {
            for (int i = 0; i < 100; ++i) last += b.arrive_and_wait_blocking();
        };
        std::thread one(thread_rounds);
        std::thread two(thread_rounds);
        run_blocking([](barrier& mine, std::atomic<int>& lasts) -> task<> {
            for (int i = 0; i < 100; ++i) {
                const bool was_last = co_await mine.arrive_and_wait();
                lasts += was_last;
            }
        }(b, last));
        one.join();
        two.join();
        CHECK(last == 100);
    }

    TEST_CASE("of a crowd on four loops, half of it cancelled at random, none is lost and none released twice") {
        barrier b(7);
        endings e;
        crowd c;
        c.start([&](std::size_t) { return arrive(b, e); });
        c.cancel_half(7, [&] { b.reset(); });
        b.abort();  // whoever is left finds no seventh
        const std::size_t stopped = c.join();
        CHECK(e.last + e.together + e.broken + stopped == many);
        CHECK(e.together == e.last * 6);
        CHECK(b.waiting() == 0);
    }
}
