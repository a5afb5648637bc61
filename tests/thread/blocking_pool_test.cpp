#include <braid/thread/blocking_pool.hpp>

#include <braid/core/deadline.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/stop.hpp>
#include <braid/core/task_group.hpp>
#include <braid/thread/on_thread.hpp>

#include <doctest/doctest.h>
#include <sched.h>

#include <atomic>
#include <chrono>
#include <latch>
#include <memory>
#include <stdexcept>
#include <thread>

using namespace braid;
using namespace std::chrono_literals;

namespace {

int square(int x) { return x * x; }
void hold(std::latch& let_go) { let_go.wait(); }
void meet(std::latch& all) { all.arrive_and_wait(); }
void until_asked() {
    while (!stop_requested()) std::this_thread::yield();
}

struct shared_latches {
    std::latch began{1};
    std::latch let_go{1};
    std::latch ended{1};
};
void hold_own(const std::shared_ptr<shared_latches>& latches) {
    latches->began.count_down();
    latches->let_go.wait();
    latches->ended.count_down();
}

task<> meet_on(blocking_pool& pool, std::latch& all) { co_await pool.run(meet, std::ref(all)); }

}  // namespace

TEST_SUITE("thread/blocking_pool") {
    TEST_CASE("a blocking pool without threads, or with fewer than none, is an error") {
        CHECK_THROWS_AS(blocking_pool({.max_threads = 0}), usage_error);
        CHECK_THROWS_AS(blocking_pool({.idle_time = -1ns}), usage_error);
    }

    TEST_CASE("values and errors come back, and calls one after the other share a thread") {
        blocking_pool pool;
        CHECK(pool.size() == 0);
        run_blocking([](blocking_pool& p) -> task<> {
            for (int i = 0; i < 100; ++i) {
                const int value = co_await p.run(square, i);
                CHECK(value == i * i);
            }
            CHECK_THROWS_AS(co_await p.run([] { throw std::runtime_error("no"); }), std::runtime_error);
            const int value = co_await on_blocking_thread(square, 7);
            CHECK(value == 49);
        }(pool));
        CHECK(pool.size() == 1);
    }

    TEST_CASE("twenty calls that wait for one another all get a thread") {
        blocking_pool pool({.max_threads = 20});
        std::latch all(20);
        run_blocking([](blocking_pool& p, std::latch& l) -> task<> {
            co_await with_task_group([&](task_group& group) -> task<> {
                for (int i = 0; i < 20; ++i) group.start(meet_on, std::ref(p), std::ref(l));
                co_return;
            });
        }(pool, all));
        CHECK(pool.size() == 20);
    }

    TEST_CASE("at its maximum the pool makes calls wait, and calls that block do not hold up those that compute") {
        blocking_pool pool({.max_threads = 1});
        run_blocking([](blocking_pool& p) -> task<> {
            std::latch let_go(1);
            co_await with_task_group([&](task_group& group) -> task<> {
                group.start([](blocking_pool& q, std::latch& l) -> task<> { co_await q.run(hold, std::ref(l)); },
                            std::ref(p), std::ref(let_go));
                co_await checkpoint();  // the child has begun
                const auto queued = co_await move_on_after(5ms, p.run(square, 2));
                CHECK_FALSE(queued);
                const int value = co_await on_thread(square, 3);
                CHECK(value == 9);
                let_go.count_down();
            });
            CHECK(p.size() == 1);
        }(pool));
    }

    TEST_CASE("a thread without a call ends after its time") {
        blocking_pool pool({.idle_time = 1ms});
        run_blocking([](blocking_pool& p) -> task<> {
            const int value = co_await p.run(square, 2);
            CHECK(value == 4);
            while (p.size() != 0) co_await sleep_for(1ms);
            const int again = co_await p.run(square, 3);
            CHECK(again == 9);
        }(pool));
    }

    TEST_CASE("a running call is asked to stop and waited for, also by the destructor") {
        blocking_pool pool;
        run_blocking([](blocking_pool& p) -> task<> {
            const auto stopped = co_await move_on_after(2ms, p.run(until_asked));
            static_cast<void>(stopped);
        }(pool));
        CHECK(pool.size() == 1);
    }

    TEST_CASE("an abandoned call lets its caller go and runs on, a value that is there is still given") {
        for (const bool elastic : {true, false}) {
            auto latches = std::make_shared<shared_latches>();
            {
                blocking_pool waiting;
                thread_pool computing({.threads = 1});
                run_blocking([](bool e, blocking_pool& w, thread_pool& c, std::shared_ptr<shared_latches> l) -> task<> {
                    bool ended = true;
                    if (e) {
                        ended = co_await move_on_after(5ms, w.run(abandon_on_cancel, hold_own, l));
                    } else {
                        ended = co_await move_on_after(5ms, c.run(abandon_on_cancel, hold_own, l));
                    }
                    CHECK_FALSE(ended);
                    l->let_go.count_down();
                    int value = 0;
                    value = co_await c.run(abandon_on_cancel, square, 5);
                    CHECK(value == 25);
                    value = co_await w.run(abandon_on_cancel, square, 6);
                    CHECK(value == 36);
                }(elastic, waiting, computing, latches));
            }
        }
    }
}

TEST_SUITE("thread/thread_pool") {
    TEST_CASE("a pool of a process that may use one CPU has one thread, unless another number is asked for") {
        std::jthread([] {
            cpu_set_t one;
            CPU_ZERO(&one);
            CPU_SET(static_cast<std::size_t>(::sched_getcpu()), &one);
            REQUIRE(::sched_setaffinity(0, sizeof one, &one) == 0);
            CHECK(thread_pool().size() == 1);
            CHECK(thread_pool({.threads = 3}).size() == 3);
        }).join();
    }
}
