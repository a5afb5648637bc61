#include <braid/thread/thread_pool.hpp>

#include <braid/core/cpu_count.hpp>
#include <braid/core/deadline.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>
#include <braid/core/worker_pool.hpp>
#include <braid/thread/on_thread.hpp>

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <functional>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace braid;
using namespace std::chrono_literals;

static_assert(worker_pool<thread_pool>);

namespace {

int square(int x) { return x * x; }
const std::string& same(const std::string& s) { return s; }
std::unique_ptr<int> box(std::unique_ptr<int> x) { return std::make_unique<int>(*x + 1); }
int fail(const std::string& message) { throw std::invalid_argument(message); }
task<int> square_later(int x) {
    co_await checkpoint();
    co_return x* x;
}

/// Runs until it is asked to stop.
bool spin(std::latch& began) {
    began.count_down();
    while (!stop_requested()) std::this_thread::yield();
    return true;
}
/// Keeps a thread busy until it is let go.
void hold(std::latch& began, std::latch& let_go) {
    began.count_down();
    let_go.wait();
}
void count(std::atomic<int>& n) { ++n; }

task<> run_squares(thread_pool& pool, int from, int to, long& sum) {
    for (int i = from; i < to; ++i) sum += co_await pool.run(square, i % 100);
}

}  // namespace

TEST_SUITE("thread/thread_pool") {
    TEST_CASE("a pool without threads, or with fewer than none, is an error") {
        CHECK_THROWS_AS(thread_pool({.threads = 0}), usage_error);
        CHECK_THROWS_AS(thread_pool({.threads = -1}), usage_error);
        CHECK(usable_cpus() >= 1);
        CHECK(thread_pool().size() == usable_cpus());
    }

    TEST_CASE("a call gives its value on another thread, and the caller goes on where it was") {
        thread_pool pool({.threads = 2});
        run_blocking([](thread_pool& p) -> task<> {
            const auto here = std::this_thread::get_id();
            CHECK(co_await p.run(square, 12) == 144);
            const auto there = co_await p.run([] { return std::this_thread::get_id(); });
            CHECK(there != here);
            CHECK(std::this_thread::get_id() == here);
        }(pool));
    }

    TEST_CASE("nothing, move-only values, copies of references and tasks all come back") {
        thread_pool pool({.threads = 1});
        run_blocking([](thread_pool& p) -> task<> {
            std::atomic<int> n = 0;
            co_await p.run(count, std::ref(n));
            CHECK(n == 1);
            const auto boxed = co_await p.run(box, std::make_unique<int>(4));
            CHECK(*boxed == 5);
            CHECK(co_await p.run(same, std::string("long enough to be on the heap, so that a dangling one shows")) ==
                  "long enough to be on the heap, so that a dangling one shows");
            CHECK(co_await p.run(square_later, 5) == 25);
            CHECK(co_await on_thread(square, 6) == 36);
        }(pool));
    }

    TEST_CASE("a throw arrives with its type and message, and the thread goes on") {
        thread_pool pool({.threads = 1});
        run_blocking([](thread_pool& p) -> task<> {
            CHECK_THROWS_WITH_AS(co_await p.run(fail, "no good"), "no good", std::invalid_argument);
            CHECK(co_await p.run(square, 2) == 4);
        }(pool));
    }

    TEST_CASE("a cancelled that a function throws by itself is an error, not the caller's cancellation") {
        thread_pool pool({.threads = 1});
        run_blocking([](thread_pool& p) -> task<> {
            CHECK_THROWS_AS(co_await p.run([] { throw cancelled(cancel_reason::user); }), error);
        }(pool));
    }

    TEST_CASE("of 10,000 calls from 10 threads each ends once with its own value") {
        thread_pool pool({.threads = 3});
        std::array<long, 10> sums{};
        {
            std::vector<std::jthread> threads;
            for (auto& sum : sums) threads.emplace_back([&] { run_blocking(run_squares(pool, 0, 1'000, sum)); });
        }
        for (const long sum : sums) CHECK(sum == 3'283'500);
    }

    TEST_CASE("plain threads submit, and never more calls run than there are threads") {
        thread_pool pool({.threads = 2});
        std::atomic<int> running = 0;
        std::atomic<int> most = 0;
        std::vector<job<int>> jobs;
        const auto call = [&](int x) {
            const int now = ++running;
            for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
            }
            --running;
            return x;
        };
        for (int i = 0; i < 3'000; ++i) jobs.push_back(pool.submit(call, i));
        for (int i = 0; i < 3'000; ++i) CHECK(jobs[static_cast<std::size_t>(i)].get_blocking() == i);
        CHECK(most <= 2);
    }

    TEST_CASE("a queued call that is cancelled never runs, and the caller need not wait for a thread") {
        thread_pool pool({.threads = 1});
        std::latch began(1);
        std::latch let_go(1);
        std::atomic<int> ran = 0;
        auto holding = pool.submit(hold, std::ref(began), std::ref(let_go));
        began.wait();
        run_blocking([](thread_pool& p, std::atomic<int>& n) -> task<> {
            CHECK_FALSE(co_await move_on_after(1ms, p.run(count, std::ref(n))));
        }(pool, ran));
        let_go.count_down();
        holding.get_blocking();
        CHECK(pool.submit(square, 3).get_blocking() == 9);
        CHECK(ran == 0);
    }

    TEST_CASE("a running call is asked to stop and waited for, and a value that it gives beats the deadline") {
        thread_pool pool({.threads = 1});
        run_blocking([](thread_pool& p) -> task<> {
            std::latch began(1);
            CHECK(co_await fail_after(1ms, p.run(spin, std::ref(began))));
        }(pool));
    }

    TEST_CASE("a task on a thread is cancelled with its call") {
        thread_pool pool({.threads = 1});
        run_blocking([](thread_pool& p) -> task<> {
            auto sleep_long = []() -> task<> { co_await sleep_for(1h); };
            CHECK_THROWS_AS(co_await fail_after(1ms, p.run(sleep_long)), timed_out);
        }(pool));
    }

    TEST_CASE("a call that is awaited in a cancelled scope does not start") {
        thread_pool pool({.threads = 1});
        std::atomic<int> ran = 0;
        run_blocking([](thread_pool& p, std::atomic<int>& n) -> task<> {
            co_await with_task_group([&](task_group& g) -> task<> {
                g.cancel();
                CHECK_THROWS_AS(co_await p.run(count, std::ref(n)), cancelled);
            });
            co_await p.close();
        }(pool, ran));
        CHECK(ran == 0);
    }

    TEST_CASE("a cancellation that races the end of a call gives one outcome each, 10,000 times") {
        thread_pool pool({.threads = 2});
        std::atomic<int> ran = 0;
        int values = 0;
        int stops = 0;
        run_blocking([](thread_pool& p, std::atomic<int>& n, int& v, int& s) -> task<> {
            for (int i = 0; i < 10'000; ++i) {
                co_await with_task_group([&](task_group& g) -> task<> {
                    g.start(
                        [](thread_pool& q, std::atomic<int>& m, int& value, int& stop) -> task<> {
                            try {
                                co_await q.run(count, std::ref(m));
                                ++value;
                            } catch (const cancelled&) {
                                ++stop;
                            }
                        },
                        std::ref(p), std::ref(n), std::ref(v), std::ref(s));
                    for (int k = i % 5; k > 0; --k) co_await checkpoint();
                    g.cancel();
                });
            }
        }(pool, ran, values, stops));
        CHECK(values + stops == 10'000);
        CHECK(values == ran);
        CHECK(pool.submit(square, 3).get_blocking() == 9);
    }

    TEST_CASE("close finishes what is queued and refuses what is new") {
        thread_pool pool({.threads = 2, .name = "closing"});
        std::atomic<int> ran = 0;
        run_blocking([](thread_pool& p, std::atomic<int>& n) -> task<> {
            std::vector<job<>> jobs;
            for (int i = 0; i < 50; ++i) jobs.push_back(p.submit(count, std::ref(n)));
            co_await p.close();
            CHECK(n == 50);
            co_await p.close();
            CHECK_THROWS_WITH_AS(co_await p.run(square, 1),
                                 "the thread pool \"closing\" takes no more calls: it was closed", closed);
            CHECK_THROWS_AS(static_cast<void>(p.submit(square, 1)), closed);
            for (auto& j : jobs) co_await j;
        }(pool, ran));
    }

    TEST_CASE("terminate drops 10,000 queued calls as cancelled by shutdown and stops what runs") {
        thread_pool pool({.threads = 1});
        std::latch began(1);
        auto running = pool.submit(spin, std::ref(began));
        began.wait();
        std::atomic<int> ran = 0;
        std::vector<job<>> jobs;
        for (int i = 0; i < 10'000; ++i) jobs.push_back(pool.submit(count, std::ref(ran)));
        pool.terminate();
        pool.terminate();
        int dropped = 0;
        for (auto& j : jobs) {
            try {
                j.get_blocking();
            } catch (const cancelled& c) {
                dropped += c.reason() == cancel_reason::shutdown;
            }
        }
        CHECK(dropped == 10'000);
        CHECK(ran == 0);
        CHECK(running.get_blocking());
    }

    TEST_CASE("a pool that is destroyed stops what runs, and the handles of its jobs may stay") {
        std::latch began(1);
        job<bool> running;
        job<int> queued;
        {
            thread_pool pool({.threads = 1});
            running = pool.submit(spin, std::ref(began));
            began.wait();
            queued = pool.submit(square, 2);
        }
        CHECK(running.done());
        CHECK(running.get_blocking());
        CHECK_THROWS_AS(queued.get_blocking(), cancelled);
    }

    TEST_CASE("a job that is dropped in a coroutine is stopped before its scope ends") {
        thread_pool pool({.threads = 1});
        std::atomic<bool> left = false;
        run_blocking([](thread_pool& p, std::atomic<bool>& flag) -> task<> {
            std::latch began(1);
            co_await with_task_group([&](task_group&) -> task<> {
                auto j = p.submit([&] {
                    spin(began);
                    flag = true;
                });
                began.wait();
                co_return;
            });
            CHECK(flag);
        }(pool, left));
    }

    TEST_CASE("nobody asks code to stop that runs outside of a pool and of coroutines") {
        CHECK_FALSE(stop_requested());
    }
}
