#include <braid/sync/semaphore.hpp>

#include <braid/core/deadline.hpp>
#include <braid/core/job.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>

#include <support/loop_thread.hpp>

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <functional>
#include <random>
#include <thread>
#include <vector>

using namespace braid;
using namespace std::chrono_literals;
using braid_test::loop_thread;

namespace {

task<> note_turn(semaphore& s, std::vector<int>& order, int who) {
    const permit p = co_await s.acquire();
    order.push_back(who);
    co_await checkpoint();
}

/// Counts those that are inside at the same time.
task<> pass(semaphore& s, std::atomic<int>& inside, std::atomic<int>& most, std::atomic<int>& passed) {
    const permit p = co_await s.acquire();
    const int now = ++inside;
    for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
    }
    --inside;
    ++passed;
}

}  // namespace

TEST_SUITE("sync/semaphore") {
    TEST_CASE("a semaphore of no permits, or of fewer than none, is an error") {
        CHECK_THROWS_AS(semaphore(0), usage_error);
        CHECK_THROWS_AS(semaphore(-1), usage_error);
        CHECK_THROWS_AS(semaphore(3, 2), usage_error);
        CHECK_THROWS_AS(semaphore(-1, 2), usage_error);
    }

    TEST_CASE("a permit is given back when it is destroyed, or by hand, once") {
        semaphore s(1);
        {
            permit p = s.try_acquire();
            CHECK(p);
            CHECK_FALSE(s.try_acquire());
            p.release();
            CHECK_FALSE(p);
            CHECK(s.available() == 1);
        }
        CHECK(s.available() == 1);
        s.try_acquire().detach();
        CHECK(s.available() == 0);
        s.release();
        CHECK(s.available() == 1);
    }

    TEST_CASE("giving back more than is out, or a negative number, is an error and changes nothing") {
        semaphore s(2);
        const permit p = s.try_acquire();
        CHECK_THROWS_AS(s.release(2), usage_error);
        CHECK_THROWS_AS(s.release(-1), usage_error);
        CHECK(s.available() == 1);
    }

    TEST_CASE("those who wait are served in the order in which they came") {
        std::vector<int> order;
        run_blocking([](std::vector<int>& o) -> task<> {
            semaphore s(1);
            co_await with_task_group([&](task_group& g) -> task<> {
                permit first = co_await s.acquire();
                for (int i = 0; i < 50; ++i) g.start(note_turn, std::ref(s), std::ref(o), i);
                co_await checkpoint();
                co_await checkpoint();
                CHECK(o.empty());
                first.release();
                CHECK_FALSE(s.try_acquire());  // does not overtake
            });
        }(order));
        CHECK(order.size() == 50);
        for (int i = 0; i < 50; ++i) CHECK(order[static_cast<std::size_t>(i)] == i);
    }

    TEST_CASE("a deadline ends the wait, and the permit goes to the next") {
        run_blocking([]() -> task<> {
            semaphore s(1);
            permit held = co_await s.acquire();
            CHECK_THROWS_AS(static_cast<void>(co_await fail_after(1ms, s.acquire())), timed_out);
            held.release();
            CHECK(s.available() == 1);
            CHECK(co_await s.acquire());
        }());
    }

    TEST_CASE("in a cancelled scope no permit is taken, even if there is one") {
        run_blocking([]() -> task<> {
            semaphore s(1);
            co_await with_task_group([&](task_group& g) -> task<> {
                g.cancel();
                CHECK_THROWS_AS(static_cast<void>(co_await s.acquire()), cancelled);
            });
            CHECK(s.available() == 1);
        }());
    }

    TEST_CASE("a waiter that was served before it was cancelled keeps its permit") {
        run_blocking([]() -> task<> {
            semaphore s(1);
            bool served = false;
            permit held = co_await s.acquire();
            co_await with_task_group([&](task_group& g) -> task<> {
                g.start(
                    [](semaphore& sem, bool& flag) -> task<> {
                        const permit p = co_await sem.acquire();
                        flag = true;
                    },
                    std::ref(s), std::ref(served));
                co_await checkpoint();
                held.release();
                g.cancel();
            });
            CHECK(served);
            CHECK(s.available() == 1);
        }());
    }

    TEST_CASE("a plain thread waits its turn among coroutines") {
        semaphore s(1);
        permit held = s.try_acquire();
        std::thread other([&] { const permit p = s.acquire_blocking(); });
        held.release();
        other.join();
        CHECK(s.available() == 1);
    }

    TEST_CASE("blocking for a permit inside a coroutine is an error") {
        semaphore s(1);
        run_blocking([](semaphore& sem) -> task<> {
            CHECK_THROWS_AS(static_cast<void>(sem.acquire_blocking()), usage_error);
            co_return;
        }(s));
    }

    TEST_CASE("on several loops at once never more are inside than there are permits") {
        std::array<loop_thread, 4> loops;
        semaphore s(3);
        std::atomic<int> inside = 0;
        std::atomic<int> most = 0;
        std::atomic<int> passed = 0;
        std::vector<job<>> jobs;
        for (std::size_t i = 0; i < 10'000; ++i) {
            jobs.push_back(detail::start_job(pass(s, inside, most, passed), loops[i % 4].executor()));
        }
        for (auto& j : jobs) j.get_blocking();
        CHECK(passed == 10'000);
        CHECK(most <= 3);
        CHECK(s.available() == 3);
    }

    TEST_CASE("of 10,000 waiters on four loops, half of them cancelled at random, none is lost or woken twice") {
        std::array<loop_thread, 4> loops;
        semaphore s(2);
        permit first = s.acquire_blocking();
        permit second = s.acquire_blocking();
        std::atomic<int> inside = 0;
        std::atomic<int> most = 0;
        std::atomic<int> passed = 0;
        std::vector<job<>> jobs;
        for (std::size_t i = 0; i < 10'000; ++i) {
            jobs.push_back(detail::start_job(pass(s, inside, most, passed), loops[i % 4].executor()));
        }
        std::minstd_rand random(1);  // NOLINT: the same order each time
        for (std::size_t i = 0; i < jobs.size(); ++i) {
            if (i == 1'000) first.release();
            if (i == 2'000) second.release();
            if (random() % 2 == 0) jobs[i].cancel();
        }
        int values = 0;
        int stopped = 0;
        for (auto& j : jobs) {
            try {
                j.get_blocking();
                ++values;
            } catch (const cancelled&) {
                ++stopped;
            }
        }
        CHECK(values + stopped == 10'000);
        CHECK(values == passed);
        CHECK(values >= 4'000);
        CHECK(s.available() == 2);
    }
}
