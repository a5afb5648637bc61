#include <braid/sync/shared_mutex.hpp>

#include <braid/core/deadline.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>

#include <support/crowd.hpp>

#include <braid/testing/co_test_case.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>

using namespace braid;
using namespace std::chrono_literals;
using braid_test::crowd;
using braid_test::many;

namespace {

task<> do_write(shared_mutex& m, std::string& log, char who) {
    const auto lock = co_await m.lock();
    log += who;
    co_await checkpoint();
    log += who;
}

task<> do_read(shared_mutex& m, std::string& log, char who) {
    const auto lock = co_await m.lock_shared();
    log += who;
    co_await checkpoint();
    log += who;
}

struct visitors {
    std::atomic<int> readers = 0;
    std::atomic<int> writers = 0;
    std::atomic<bool> mixed = false;
    std::atomic<std::size_t> served = 0;
};

task<> visit(shared_mutex& m, visitors& v, bool writes) {
    if (writes) {
        const auto lock = co_await m.lock();
        if (++v.writers != 1 || v.readers != 0) v.mixed = true;
        --v.writers;
    } else {
        const auto lock = co_await m.lock_shared();
        ++v.readers;
        if (v.writers != 0) v.mixed = true;
        --v.readers;
    }
    ++v.served;
}

}  // namespace

TEST_SUITE("sync/shared_mutex") {
    TEST_CASE("many read, one writes, and never both") {
        shared_mutex m;
        {
            const auto one = m.try_lock_shared();
            const auto two = m.try_lock_shared();
            CHECK(one);
            CHECK(two);
            CHECK_FALSE(m.try_lock());
        }
        const auto alone = m.try_lock();
        CHECK(alone);
        CHECK_FALSE(m.try_lock_shared());
        CHECK_FALSE(m.try_lock());
    }

    TEST_CASE("unlocking what nobody has locked in that way is an error") {
        shared_mutex m;
        CHECK_THROWS_AS(m.unlock(), usage_error);
        CHECK_THROWS_AS(m.unlock_shared(), usage_error);
        const auto shared = m.try_lock_shared();
        CHECK_THROWS_AS(m.unlock(), usage_error);
    }

    TEST_CASE("readers and writers are served in the order in which they came, readers in a row together") {
        std::string log;
        run_blocking([](std::string& l) -> task<> {
            shared_mutex m;
            co_await with_task_group([&](task_group& g) -> task<> {
                const auto first = co_await m.lock();
                g.start(do_read, std::ref(m), std::ref(l), 'a');
                g.start(do_read, std::ref(m), std::ref(l), 'b');
                g.start(do_write, std::ref(m), std::ref(l), 'C');
                g.start(do_read, std::ref(m), std::ref(l), 'd');
                g.start(do_write, std::ref(m), std::ref(l), 'E');
                co_await checkpoint();
                co_await checkpoint();
            });
        }(log));
        CHECK(log == "ababCCddEE");
    }

    CO_TEST_CASE("a reader does not overtake a writer that waits, unless that one gives up") {
        shared_mutex m;
        std::string log;
        const auto reading = co_await m.lock_shared();
        co_await with_task_group([&](task_group& g) -> task<> {
            g.start(
                [](shared_mutex& mine) -> task<> {
                    const auto late = co_await move_on_after(1ms, mine.lock());
                    CHECK_FALSE(late);
                },
                std::ref(m));
            co_await checkpoint();
            CHECK_FALSE(m.try_lock_shared());
            g.start(do_read, std::ref(m), std::ref(log), 'r');
        });
        CHECK(log == "rr");
    }

    TEST_CASE("plain threads read and write") {
        shared_mutex m;
        int value = 0;
        std::thread writer([&] {
            for (int i = 0; i < 1'000; ++i) {
                const auto lock = m.lock_blocking();
                ++value;
            }
        });
        for (int before = 0; before < 1'000;) {
            const auto lock = m.lock_shared_blocking();
            CHECK(value >= before);
            before = value;
        }
        writer.join();
        CHECK(value == 1'000);
    }

    TEST_CASE(
        "of a crowd on four loops, half of it cancelled at random, none is lost and nobody reads what is written") {
        shared_mutex m;
        visitors v;
        auto held = m.lock_blocking();
        crowd c;
        c.start([&](std::size_t i) { return visit(m, v, i % 5 == 0); });
        c.cancel_half(3, [&] { held.unlock(); });
        const std::size_t stopped = c.join();
        CHECK(v.served + stopped == many);
        CHECK(v.served >= many / 3);
        CHECK(stopped >= many / 8);
        CHECK_FALSE(v.mixed);
        CHECK(m.try_lock());
    }
}
