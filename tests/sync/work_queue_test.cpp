#include <braid/sync/work_queue.hpp>

#include <braid/core/deadline.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>

#include <support/crowd.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

using namespace braid;
using namespace std::chrono_literals;
using braid_test::crowd;
using braid_test::many;

namespace {

/// Takes items and pushes two smaller ones for each.
task<> split(work_queue<int>& q, int& handled) {
    while (auto item = co_await q.pop()) {
        ++handled;
        const int size = **item;
        co_await checkpoint();
        if (size > 0) {
            co_await q.push(size - 1);
            co_await q.push(size - 1);
        }
    }
}

}  // namespace

TEST_SUITE("sync/work_queue") {
    TEST_CASE("drained waits for every item, those that were pushed by others on the way included") {
        run_blocking([]() -> task<> {
            work_queue<int> q;
            int handled = 0;
            co_await q.drained();  // nothing yet
            co_await with_task_group([&](task_group& g) -> task<> {
                for (int i = 0; i < 3; ++i) g.start(split, std::ref(q), std::ref(handled));
                co_await q.push(5);
                co_await q.drained();
                CHECK(handled == 63);
                CHECK(q.pending() == 0);
                q.close();
            });
        }());
    }

    TEST_CASE("an item is done when its scope ends, or when it is said so") {
        work_queue<int> q;
        CHECK(q.try_push(1));
        CHECK(q.try_push(2));
        {
            const auto one = q.try_pop();
            CHECK(**one == 1);
            CHECK(q.pending() == 2);
        }
        CHECK(q.pending() == 1);
        auto two = q.try_pop();
        two->done();
        CHECK(q.pending() == 0);
        q.drained_blocking();
    }

    TEST_CASE("marking an item done twice, or after it was moved away, is an error") {
        work_queue<int> q;
        CHECK(q.try_push(1));
        auto item = q.try_pop();
        auto moved = std::move(*item);
        CHECK_THROWS_AS(item->done(), usage_error);
        CHECK(q.pending() == 1);
        moved.done();
        CHECK_THROWS_AS(moved.done(), usage_error);
        CHECK(q.pending() == 0);
    }

    TEST_CASE("what does not get in is not waited for") {
        run_blocking([]() -> task<> {
            work_queue<std::unique_ptr<int>> q(1);
            co_await q.push(std::make_unique<int>(1));
            CHECK_FALSE(q.try_push(std::make_unique<int>(2)));
            CHECK_THROWS_AS(co_await fail_after(1ms, q.push(std::make_unique<int>(3))), timed_out);
            CHECK(q.pending() == 1);
            q.close();
            CHECK_THROWS_AS(static_cast<void>(q.try_push(std::make_unique<int>(4))), closed);
            CHECK_THROWS_AS(co_await q.push(std::make_unique<int>(5)), closed);
            CHECK(q.pending() == 1);
            CHECK_THROWS_AS(co_await fail_after(1ms, q.drained()), timed_out);
            {
                auto item = co_await q.pop();
                CHECK(***item == 1);
            }
            co_await q.drained();
            const auto none = co_await q.pop();
            CHECK_FALSE(none);
        }());
    }

    TEST_CASE("plain threads push, work and wait") {
        work_queue<int> q(4);
        int sum = 0;
        std::thread worker([&] {
            while (auto item = q.pop_blocking()) sum += **item;
        });
        for (int i = 1; i <= 100; ++i) q.push_blocking(i);
        q.drained_blocking();
        CHECK(sum == 5'050);
        q.close();
        worker.join();
        CHECK_THROWS_AS(q.push_blocking(1), closed);
    }

    TEST_CASE("of a crowd on four loops, half of it cancelled at random, no item is lost and none counted twice") {
        work_queue<std::size_t> q(3);
        std::atomic<std::size_t> pushed = 0;
        std::atomic<std::size_t> popped = 0;
        std::atomic<std::size_t> refused = 0;
        std::atomic<std::size_t> found_nothing = 0;
        crowd c;
        c.start([&](std::size_t i) -> task<> {
            if (i % 2 == 0) {
                return [](work_queue<std::size_t>& mine, std::size_t n, std::atomic<std::size_t>& in,
                          std::atomic<std::size_t>& out) -> task<> {
                    try {
                        co_await mine.push(n);
                        ++in;
                    } catch (const closed&) {
                        ++out;
                    }
                }(q, i, pushed, refused);
            }
            return [](work_queue<std::size_t>& mine, std::atomic<std::size_t>& some,
                      std::atomic<std::size_t>& none) -> task<> {
                const auto item = co_await mine.pop();
                ++(item ? some : none);
            }(q, popped, found_nothing);
        });
        c.cancel_half(9, [] {});
        q.close();
        const std::size_t stopped = c.join();
        CHECK(pushed + refused + popped + found_nothing + stopped == many);
        CHECK(pushed > 0);
        while (const auto item = q.try_pop()) ++popped;
        CHECK(pushed == popped);
        CHECK(q.pending() == 0);
        q.drained_blocking();
    }
}
