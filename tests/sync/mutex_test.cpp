#include <braid/sync/mutex.hpp>

#include <braid/core/deadline.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>

#include <support/crowd.hpp>

#include <doctest/doctest.h>

#include <functional>
#include <thread>
#include <vector>

using namespace braid;
using namespace std::chrono_literals;
using braid_test::crowd;
using braid_test::many;

namespace {

task<> note_turn(mutex& m, std::vector<int>& order, int who) {
    const auto lock = co_await m.lock();
    order.push_back(who);
    co_await checkpoint();
}

task<> count(mutex& m, std::size_t& counter) {
    const auto lock = co_await m.lock();
    ++counter;  // no atomic: a second one inside would be a data race
}

}  // namespace

TEST_SUITE("sync/mutex") {
    TEST_CASE("a lock is given up at the end of its scope, or by hand, once") {
        mutex m;
        {
            auto lock = m.try_lock();
            CHECK(lock);
            CHECK(m.is_locked());
            CHECK_FALSE(m.try_lock());
            lock.unlock();
            CHECK_FALSE(lock);
            CHECK_FALSE(m.is_locked());
        }
        CHECK_FALSE(m.is_locked());
        {
            auto first = m.try_lock();
            const auto moved = std::move(first);
            CHECK(m.is_locked());
        }
        CHECK_FALSE(m.is_locked());
    }

    TEST_CASE("unlocking what nobody has locked is an error") {
        mutex m;
        CHECK_THROWS_AS(m.unlock(), usage_error);
        m.try_lock().detach();
        m.unlock();
        CHECK_THROWS_AS(m.unlock(), usage_error);
    }

    TEST_CASE("those who wait have it in the order in which they came, and nobody comes in between") {
        std::vector<int> order;
        run_blocking([](std::vector<int>& o) -> task<> {
            mutex m;
            co_await with_task_group([&](task_group& g) -> task<> {
                auto first = co_await m.lock();
                for (int i = 0; i < 50; ++i) g.start(note_turn, std::ref(m), std::ref(o), i);
                co_await checkpoint();
                co_await checkpoint();
                CHECK(o.empty());
                first.unlock();
                CHECK_FALSE(m.try_lock());
            });
        }(order));
        CHECK(order.size() == 50);
        for (int i = 0; i < 50; ++i) CHECK(order[static_cast<std::size_t>(i)] == i);
    }

    TEST_CASE("a deadline ends the wait, and the mutex goes to the next") {
        run_blocking([]() -> task<> {
            mutex m;
            auto held = co_await m.lock();
            CHECK_THROWS_AS(static_cast<void>(co_await fail_after(1ms, m.lock())), timed_out);
            held.unlock();
            CHECK(co_await m.lock());
        }());
    }

    TEST_CASE("a waiter that was served before it was cancelled has the mutex, and gives it up") {
        run_blocking([]() -> task<> {
            mutex m;
            bool had_it = false;
            co_await with_task_group([&](task_group& g) -> task<> {
                auto held = co_await m.lock();
                g.start(
                    [](mutex& mine, bool& had) -> task<> {
                        const auto lock = co_await mine.lock();
                        had = true;
                    },
                    std::ref(m), std::ref(had_it));
                co_await checkpoint();
                held.unlock();
                g.cancel();
            });
            CHECK(had_it);
            CHECK_FALSE(m.is_locked());
        }());
    }

    TEST_CASE("a loop of locks that are free lets others run") {
        run_blocking([]() -> task<> {
            mutex m;
            bool other_ran = false;
            co_await with_task_group([&](task_group& g) -> task<> {
                g.start(
                    [](bool& ran) -> task<> {
                        ran = true;
                        co_return;
                    },
                    std::ref(other_ran));
                int rounds = 0;
                for (; !other_ran && rounds < 1'000; ++rounds) {
                    const auto lock = co_await m.lock();
                }
                CHECK(other_ran);
                CHECK(rounds > 1);
            });
        }());
    }

    TEST_CASE("plain threads wait for coroutines, and coroutines for them") {
        mutex m;
        std::size_t counter = 0;
        std::thread other([&] {
            for (int i = 0; i < 1'000; ++i) {
                const auto lock = m.lock_blocking();
                ++counter;
            }
        });
        run_blocking([](mutex& mine, std::size_t& n) -> task<> {
            for (int i = 0; i < 1'000; ++i) {
                const auto lock = co_await mine.lock();
                ++n;
            }
        }(m, counter));
        other.join();
        CHECK(counter == 2'000);
    }

    TEST_CASE("blocking inside a coroutine is an error") {
        mutex m;
        run_blocking([](mutex& mine) -> task<> {
            CHECK_THROWS_AS(static_cast<void>(mine.lock_blocking()), usage_error);
            co_return;
        }(m));
    }

    TEST_CASE("of a crowd on four loops, half of it cancelled at random, none is lost and none has it twice") {
        mutex m;
        std::size_t counter = 0;
        auto held = m.lock_blocking();
        crowd c;
        c.start([&](std::size_t) { return count(m, counter); });
        c.cancel_half(1, [&] { held.unlock(); });
        const std::size_t stopped = c.join();
        CHECK(counter + stopped == many);
        CHECK(counter >= many / 3);
        CHECK(stopped >= many / 8);
        CHECK_FALSE(m.is_locked());
    }
}
