#include <braid/sync/condition.hpp>

#include <braid/core/deadline.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>

#include <support/crowd.hpp>

#include <braid/testing/co_test_case.hpp>

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

struct shared {
    mutex m;
    condition changed;
    int value = 0;           // under m
    std::vector<int> woken;  // under m
};

task<> sleeper(shared& s, int who) {
    auto lock = co_await s.m.lock();
    co_await s.changed.wait(lock);
    s.woken.push_back(who);
}

task<> wait_for_value(shared& s, int value) {
    auto lock = co_await s.m.lock();
    co_await s.changed.wait(lock, [&s, value] { return s.value >= value; });
    s.woken.push_back(value);
}

/// Until everything that is ready has run.
task<> settle() {
    for (int i = 0; i < 20; ++i) co_await checkpoint();
}

}  // namespace

TEST_SUITE("sync/condition") {
    TEST_CASE("notifying one, n and all wakes exactly those, in the order in which they came") {
        run_blocking([]() -> task<> {
            shared s;
            co_await with_task_group([&](task_group& g) -> task<> {
                for (int i = 0; i < 10; ++i) g.start(sleeper, std::ref(s), i);
                co_await settle();
                CHECK(s.woken.empty());
                CHECK(s.changed.notify_one() == 1);
                co_await settle();
                CHECK(s.woken == std::vector<int>{0});
                CHECK(s.changed.notify(3) == 3);
                co_await settle();
                CHECK(s.woken == std::vector<int>{0, 1, 2, 3});
                CHECK(s.changed.notify_all() == 6);
                co_await settle();
                CHECK(s.woken == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
                CHECK(s.changed.notify_one() == 0);
            });
        }());
    }

    TEST_CASE("a notification that nobody waits for is not kept") {
        run_blocking([]() -> task<> {
            shared s;
            CHECK(s.changed.notify_all() == 0);
            auto lock = co_await s.m.lock();
            CHECK_THROWS_AS(co_await fail_after(1ms, s.changed.wait(lock)), timed_out);
            CHECK(lock);
        }());
    }

    TEST_CASE("a predicate wait wakes exactly those whose predicate holds") {
        run_blocking([]() -> task<> {
            shared s;
            co_await with_task_group([&](task_group& g) -> task<> {
                for (const int value : {2, 1, 3, 2}) g.start(wait_for_value, std::ref(s), value);
                co_await settle();
                for (int value = 1; value <= 3; ++value) {
                    {
                        const auto lock = co_await s.m.lock();
                        s.value = value;
                    }
                    s.changed.notify_all();
                    co_await settle();
                    CHECK(s.woken.size() == std::vector<std::size_t>{0, 1, 3, 4}[static_cast<std::size_t>(value)]);
                }
            });
            CHECK(s.woken == std::vector<int>{1, 2, 2, 3});
            co_await wait_for_value(s, 3);  // holds already: does not wait
        }());
    }

    TEST_CASE("waiting without the lock is an error") {
        run_blocking([]() -> task<> {
            shared s;
            mutex::lock_type none;
            CHECK_THROWS_AS(co_await s.changed.wait(none), usage_error);
            auto unlocked = co_await s.m.lock();
            s.m.unlock();
            CHECK_THROWS_AS(co_await s.changed.wait(unlocked), usage_error);
            unlocked.detach();
        }());
    }

    CO_TEST_CASE("a waiter that is cancelled has the mutex again before it is told, and uses up no notification") {
        shared s;
        bool had_it = false;
        co_await with_task_group([&](task_group& g) -> task<> {
            g.start(
                [](shared& mine, bool& had) -> task<> {
                    auto lock = co_await mine.m.lock();
                    try {
                        co_await move_on_after(1ms, [](shared& x, mutex::lock_type& l, bool& h) -> task<> {
                            try {
                                co_await x.changed.wait(l);
                            } catch (const cancelled&) {
                                h = static_cast<bool>(l) && x.m.is_locked() && x.value == 1;
                                throw;
                            }
                        }(mine, lock, had));
                    } catch (...) {
                        FAIL("the deadline is not an error");
                    }
                },
                std::ref(s), std::ref(had_it));
            co_await settle();
            g.start(sleeper, std::ref(s), 7);
            co_await settle();
            {
                // It is cancelled while we have the mutex, and has to wait for it.
                const auto lock = co_await s.m.lock();
                co_await sleep_for(3ms);
                CHECK_FALSE(had_it);
                s.value = 1;
            }
            co_await settle();
            CHECK(had_it);
            CHECK(s.changed.notify_one() == 1);
        });
        CHECK(s.woken == std::vector<int>{7});
    }

    TEST_CASE("plain threads wait and notify") {
        shared s;
        std::thread other([&] {
            auto lock = s.m.lock_blocking();
            s.changed.wait_blocking(lock, [&] { return s.value == 1; });
            s.value = 2;
            lock.unlock();
            s.changed.notify_all();
        });
        run_blocking([](shared& mine) -> task<> {
            auto lock = co_await mine.m.lock();
            mine.value = 1;
            mine.changed.notify_all();
            co_await mine.changed.wait(lock, [&mine] { return mine.value == 2; });
        }(s));
        other.join();
        CHECK(s.value == 2);
    }

    TEST_CASE("of a crowd on four loops, half of it cancelled at random, as many wake as were notified, each once") {
        mutex m;
        condition changed;
        std::atomic<std::size_t> asleep = 0;
        std::size_t woken = 0;  // under m
        std::size_t notified = 0;
        crowd c;
        c.start([&](std::size_t) {
            return [](mutex& mine, condition& cond, std::atomic<std::size_t>& in, std::size_t& out) -> task<> {
                auto lock = co_await mine.lock();
                ++in;
                co_await cond.wait(lock);
                ++out;
            }(m, changed, asleep, woken);
        });
        std::atomic<bool> all_ended = false;
        std::thread waker;
        c.cancel_half(6, [&] {
            waker = std::thread([&] {
                for (std::size_t n = 0; !all_ended; n = (n + 1) % 8) {
                    notified += changed.notify(n);
                    std::this_thread::yield();
                }
            });
        });
        const std::size_t stopped = c.join();
        all_ended = true;
        waker.join();
        CHECK(woken == notified);
        CHECK(woken + stopped == many);
        CHECK(stopped >= many / 8);
        CHECK(asleep >= woken);
        CHECK_FALSE(m.is_locked());
    }
}
