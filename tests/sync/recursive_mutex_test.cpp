#include <braid/sync/recursive_mutex.hpp>

#include <braid/core/deadline.hpp>
#include <braid/core/shield.hpp>
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

task<> lock_and_keep(recursive_mutex& m) {
    auto lock = co_await m.lock();
    lock.detach();
}

task<bool> can_lock(recursive_mutex& m) { co_return static_cast<bool>(m.try_lock()); }

/// Whether somebody beside the caller can.
task<bool> another_can_lock(recursive_mutex& m) {
    bool can = false;
    co_await with_task_group([&](task_group& g) -> task<> {
        g.start([](recursive_mutex& mine, bool& result) -> task<> { result = co_await can_lock(mine); }, std::ref(m),
                std::ref(can));
        co_return;
    });
    co_return can;
}

task<> note_turn(recursive_mutex& m, std::vector<int>& order, int who) {
    const auto lock = co_await m.lock();
    const auto again = co_await m.lock();
    order.push_back(who);
    co_await checkpoint();
}

task<> count(recursive_mutex& m, std::size_t& counter) {
    const auto lock = co_await m.lock();
    const auto again = co_await m.lock();  // refused where this was cancelled after it had been given the first
    ++counter;                             // no atomic: a second one inside would be a data race
}

}  // namespace

TEST_SUITE("sync/recursive_mutex") {
    TEST_CASE("a recursive lock taken three times needs three releases") {
        run_blocking([]() -> task<> {
            recursive_mutex m;
            for (int i = 0; i < 3; ++i) co_await lock_and_keep(m);
            for (int i = 0; i < 3; ++i) {
                const bool free = co_await another_can_lock(m);
                CHECK_FALSE(free);
                m.unlock();
            }
            const bool free = co_await another_can_lock(m);
            CHECK(free);
            CHECK_THROWS_AS(m.unlock(), usage_error);
        }());
    }

    TEST_CASE("releasing another's lock is an error, and changes nothing") {
        recursive_mutex m;
        auto lock = m.lock_blocking();
        run_blocking([](recursive_mutex& mine) -> task<> {
            CHECK_THROWS_AS(mine.unlock(), usage_error);
            CHECK_FALSE(mine.try_lock());
            co_return;
        }(m));
        std::thread([&] {
            CHECK_THROWS_AS(m.unlock(), usage_error);
            CHECK_FALSE(m.try_lock());
        }).join();
        CHECK(m.try_lock());
    }

    TEST_CASE("a sibling of the same group is somebody else") {
        run_blocking([]() -> task<> {
            recursive_mutex m;
            co_await with_task_group([&](task_group& g) -> task<> {
                co_await lock_and_keep(m);
                g.start(
                    [](recursive_mutex& mine) -> task<> {
                        CHECK_THROWS_AS(mine.unlock(), usage_error);
                        CHECK_FALSE(mine.try_lock());
                        co_return;
                    },
                    std::ref(m));
            });
            m.unlock();
        }());
    }

    TEST_CASE("what a task awaits is the same owner: in functions, deadlines, shields and the body of a group") {
        run_blocking([]() -> task<> {
            recursive_mutex m;
            auto lock = co_await fail_after(1h, m.lock());
            bool inner = co_await can_lock(m);
            CHECK(inner);
            inner = co_await fail_after(1h, shield(can_lock(m)));
            CHECK(inner);
            co_await with_task_group([&](task_group&) -> task<> {
                const bool body = co_await can_lock(m);
                CHECK(body);
            });
            lock.unlock();
            const bool free = co_await another_can_lock(m);
            CHECK(free);
        }());
    }

    TEST_CASE("waiters are served in order") {
        std::vector<int> order;
        run_blocking([](std::vector<int>& o) -> task<> {
            recursive_mutex m;
            co_await with_task_group([&](task_group& g) -> task<> {
                const auto first = co_await m.lock();
                for (int i = 0; i < 50; ++i) g.start(note_turn, std::ref(m), std::ref(o), i);
                co_await checkpoint();
                co_await checkpoint();
                CHECK(o.empty());
            });
        }(order));
        CHECK(order.size() == 50);
        for (int i = 0; i < 50; ++i) CHECK(order[static_cast<std::size_t>(i)] == i);
    }

    TEST_CASE("a thread waits for a coroutine that has it") {
        recursive_mutex m;
        std::thread other;
        run_blocking([](recursive_mutex& mine, std::thread& t) -> task<> {
            const auto lock = co_await mine.lock();
            t = std::thread([&mine] {
                const auto one = mine.lock_blocking();
                const auto two = mine.lock_blocking();
            });
        }(m, other));
        other.join();
        CHECK(m.try_lock());
    }

    TEST_CASE(
        "of a crowd on four loops, half of it cancelled at random, none is lost and none has it beside its owner") {
        recursive_mutex m;
        std::size_t counter = 0;
        auto held = m.lock_blocking();
        crowd c;
        c.start([&](std::size_t) { return count(m, counter); });
        c.cancel_half(2, [&] { held.unlock(); });
        const std::size_t stopped = c.join();
        CHECK(counter + stopped == many);
        CHECK(counter >= many / 3);
        CHECK(stopped >= many / 8);
        CHECK(m.try_lock());
    }
}
