// A pool whose queue has a limit.

#include <braid/process/process_pool.hpp>

#include "support/gate.hpp"
#include "support/held_pool.hpp"
#include "support/run_counter.hpp"

#include <braid/core/deadline.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>
#include <braid/core/when_all.hpp>
#include <braid/trace/dump.hpp>

#include <boost/asio/use_future.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <fstream>
#include <future>
#include <memory>
#include <numeric>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

using namespace braid;
using namespace braid::testing;
using namespace std::chrono_literals;

// What the workers run.
namespace {

int square(int x) { return x * x; }
void write_down(const std::string& path, int number) { std::ofstream(path, std::ios::app) << number << ' '; }
int content(const std::unique_ptr<int>& x) { return *x; }

struct refuses_copies {
    refuses_copies() = default;
    refuses_copies(const refuses_copies&) { throw std::runtime_error("no copy"); }
    refuses_copies(refuses_copies&&) = default;
    template <class Archive>
    void serialize(Archive& archive) {
        archive(number);
    }
    int number = 0;
};
void take(const refuses_copies&) {}

std::string order_in(const std::string& path) {
    std::ifstream file(path);
    std::string text;
    std::getline(file, text);
    ::unlink(path.c_str());
    return text;
}

}  // namespace

TEST_SUITE("process/process_pool: max_queued") {
    TEST_CASE("a queue without room for a single call is refused") {
        run_blocking([]() -> task<> {
            CHECK_THROWS_WITH_AS(process_pool({.max_queued = 0}),
                                 "a process_pool's queue needs room for at least one call: max_queued cannot be 0",
                                 usage_error);
            const int less_than_none = -1;
            CHECK_THROWS_WITH_AS(process_pool({.max_queued = less_than_none}),
                                 "a process_pool's max_queued cannot be negative, as -1 is", usage_error);
            co_return;
        }());
    }

    TEST_CASE("try_submit gives jobs until the queue is full, then nothing, and leaves the arguments alone") {
        run_blocking([]() -> task<> {
            held_pool held(2);
            co_await held.hold();
            auto first = held.pool.try_submit(square, 3);
            auto second = held.pool.try_submit(call_options{.priority = call_priority::high}, square, 4);
            REQUIRE(first);
            REQUIRE(second);
            auto kept = std::make_unique<int>(5);
            CHECK_FALSE(held.pool.try_submit(content, std::move(kept)));
            REQUIRE(kept);
            const pool_stats now = co_await stats_with_waiting(held.pool, 2);
            CHECK(now.awaiting_room == 0);
            CHECK_FALSE(held.pool.try_submit(content, std::move(kept)));
            co_await held.let_go();
            CHECK(co_await *std::move(first) == 9);
            CHECK(co_await *std::move(second) == 16);
            auto third = held.pool.try_submit(content, std::move(kept));
            REQUIRE(third);
            CHECK(co_await *std::move(third) == 5);
        }());
    }

    TEST_CASE("who was given a job by try_submit is in the queue, though a call that came later was there sooner") {
        run_blocking([]() -> task<> {
            held_pool held(1);
            co_await held.hold();
            pool_stats seen;
            co_await with_task_group([&](task_group& group) -> task<> {
                group.start(
                    [](held_pool& h, pool_stats& now) -> task<> {
                        now = co_await stats_with_waiting(h.pool, 2);
                        co_await h.let_go();
                    },
                    std::ref(held), std::ref(seen));
                auto tried = held.pool.try_submit(square, 3);  // begins when this task lets others run
                REQUIRE(tried);
                CHECK(co_await held.pool.run(square, 4) == 16);
                CHECK(co_await *std::move(tried) == 9);
            });
            CHECK(seen.awaiting_room == 0);
        }());
    }

    TEST_CASE("a place is given back when the arguments cannot be copied") {
        run_blocking([]() -> task<> {
            held_pool held(1);
            co_await held.hold();
            const refuses_copies argument;
            CHECK_THROWS_AS(static_cast<void>(held.pool.try_submit(take, argument)), std::runtime_error);
            auto tried = held.pool.try_submit(square, 3);
            REQUIRE(tried);
            co_await held.let_go();
            CHECK(co_await *std::move(tried) == 9);
        }());
    }

    TEST_CASE("a pool without a limit has room for whatever is tried") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            std::vector<job<int>> jobs;
            for (int i = 0; i != 500; ++i) {
                auto tried = pool.try_submit(square, i);
                REQUIRE(tried);
                jobs.push_back(*std::move(tried));
            }
            for (int i = 0; i != 500; ++i) CHECK(co_await std::move(jobs[static_cast<std::size_t>(i)]) == i * i);
        }());
    }

    TEST_CASE("calls beyond the limit wait outside, are counted and shown there, and all run in their order") {
        run_blocking([]() -> task<> {
            held_pool held(2);
            const std::string path = held.door.path() + ".order";
            co_await held.hold();
            std::vector<job<>> jobs;
            for (int i = 0; i != 10; ++i) {
                // Priority counts in the queue: there are 0 and 1, and then each that comes in.
                const auto priority = i < 5 ? call_priority::low : call_priority::high;
                jobs.push_back(held.pool.submit(call_options{.priority = priority}, write_down, path, i));
            }
            CHECK_FALSE(held.pool.try_submit(square, 1));  // submit takes its place at once
            const pool_stats now = co_await stats_with_waiting(held.pool, 10);
            CHECK(now.queued == 2);
            CHECK(now.awaiting_room == 8);
            CHECK((co_await dump_tasks()).text().find("waiting for room in the queue of the pool held") !=
                  std::string::npos);
            co_await held.let_go();
            for (auto& each : jobs) co_await std::move(each);
            CHECK(order_in(path) == "0 1 2 3 5 6 7 8 9 4 ");
        }());
    }

    TEST_CASE("whoever waits for room is not overtaken by try_submit") {
        run_blocking([]() -> task<> {
            held_pool held(1);
            co_await held.hold();
            auto queued = held.pool.submit(square, 1);
            auto outside = held.pool.submit(square, 2);
            co_await stats_with_waiting(held.pool, 2);
            queued.cancel();
            const pool_stats now = co_await stats_with_waiting(held.pool, 1);
            CHECK(now.queued == 1);  // the other came in
            CHECK_FALSE(held.pool.try_submit(square, 3));
            outside.cancel();
            co_await stats_with_waiting(held.pool, 0);
            auto tried = held.pool.try_submit(square, 3);
            REQUIRE(tried);
            co_await held.let_go();
            CHECK(co_await *std::move(tried) == 9);
        }());
    }

    TEST_CASE("a call whose deadline passes, or that is cancelled, while it waits for room never runs") {
        run_counter counter(20);
        run_blocking([](run_counter& c) -> task<> {
            held_pool held(1);
            co_await held.hold();
            auto queued = held.pool.submit(square, 7);
            for (std::size_t i = 0; i != 10; ++i) {
                CHECK_THROWS_AS(co_await fail_after(i % 2 ? 0ms : 1ms, held.pool.run(run_counter::ran, c.path(), i)),
                                timed_out);
            }
            co_await with_task_group([&](task_group& group) -> task<> {
                for (std::size_t i = 10; i != 20; ++i) {
                    group.start([](process_pool& p, std::string path,
                                   std::size_t k) -> task<> { co_await p.run(run_counter::ran, path, k); },
                                std::ref(held.pool), c.path(), i);
                }
                co_await stats_with_waiting(held.pool, 11);
                group.cancel();
            });
            co_await stats_with_waiting(held.pool, 1);
            co_await held.let_go();
            CHECK(co_await std::move(queued) == 49);
        }(counter));
        for (std::size_t i = 0; i != 20; ++i) CHECK(counter.runs_of(i) == 0);
    }

    TEST_CASE("a job that is cancelled at once gives its place back") {
        run_blocking([]() -> task<> {
            held_pool held(1);
            co_await held.hold();
            for (int i = 0; i != 100; ++i) {
                auto tried = held.pool.try_submit(square, i);
                REQUIRE(tried);
                tried->cancel();
                CHECK_THROWS_AS(co_await *std::move(tried), cancelled);
            }
            co_await held.let_go();
        }());
    }

    TEST_CASE("close finishes those that wait for room, and terminate cancels them") {
        run_blocking([]() -> task<> {
            for (const bool at_once : {false, true}) {
                held_pool held(1);
                co_await held.hold();
                std::vector<job<int>> jobs;
                for (int i = 0; i != 5; ++i) jobs.push_back(held.pool.submit(square, i));
                co_await stats_with_waiting(held.pool, 5);
                if (at_once) {
                    held.pool.terminate();
                    for (auto& each : jobs) CHECK_THROWS_AS(co_await std::move(each), cancelled);
                    CHECK_THROWS_AS(co_await std::move(held.holder), cancelled);
                } else {
                    held.door.open();
                    co_await held.pool.close();
                    for (int i = 0; i != 5; ++i) CHECK(co_await std::move(jobs[static_cast<std::size_t>(i)]) == i * i);
                }
                for (int i = 0; i != 3; ++i) {  // those that are refused leave no place taken
                    auto late = held.pool.try_submit(square, 1);
                    REQUIRE(late);
                    CHECK_THROWS_AS(co_await *std::move(late), closed);
                }
            }
        }());
    }

    TEST_CASE("when no worker can be started those that wait for room fail like the others") {
        run_blocking([]() -> task<> {
            process_pool pool(
                {.workers = 1, .max_queued = 1, .initialise = [] { throw std::runtime_error("no model"); }});
            std::vector<job<int>> jobs;
            for (int i = 0; i != 4; ++i) jobs.push_back(pool.submit(square, i));
            for (auto& each : jobs) CHECK_THROWS_AS(co_await std::move(each), pool_failed);
        }());
    }

    TEST_CASE("a worker that dies costs none of those that wait, in the queue or outside") {
        run_blocking([]() -> task<> {
            held_pool held(2);
            co_await held.hold();
            std::vector<job<int>> jobs;
            for (int i = 0; i != 20; ++i) jobs.push_back(held.pool.submit(square, i));
            co_await stats_with_waiting(held.pool, 20);
            ::kill(held.pool.worker_pids().at(0), SIGKILL);
            CHECK_THROWS_AS(co_await std::move(held.holder), worker_died);
            for (int i = 0; i != 20; ++i) CHECK(co_await std::move(jobs[static_cast<std::size_t>(i)]) == i * i);
        }());
    }

    TEST_CASE("as many workers are started as calls wait, though the queue is short") {
        run_blocking([]() -> task<> {
            gate door;
            process_pool pool({.workers = 3, .max_queued = 1});
            std::vector<job<int>> jobs;
            for (int i = 0; i != 3; ++i) jobs.push_back(pool.submit(gate::pass, door.path()));
            for (int i = 0; i != 3; ++i) co_await door.arrival();  // all of them stand there
            CHECK((co_await pool.stats()).started == 3);
            for (int i = 0; i != 3; ++i) door.open();
            for (auto& each : jobs) co_await std::move(each);
        }());
    }

    TEST_CASE("batches of a map wait outside of a full queue, and it gives what it gives without a limit") {
        run_blocking([]() -> task<> {
            held_pool held(1);
            co_await held.hold();
            std::vector<int> items(2'000);
            std::iota(items.begin(), items.end(), 0);
            auto watch = [](held_pool& h) -> task<> {
                pool_stats now;
                while (now.awaiting_room == 0) now = co_await h.pool.stats();
                CHECK(now.queued == 1);
                co_await h.let_go();
            };
            auto map = [](held_pool& h, const std::vector<int>& all) -> task<std::vector<int>> {
                co_return co_await h.pool.map(square, all, map_options{.batch = 1}).collect();
            };
            auto [squares, nothing] = co_await when_all(map(held, items), watch(held));
            REQUIRE(squares.size() == items.size());
            for (int i = 0; i != 2'000; ++i) CHECK(squares[static_cast<std::size_t>(i)] == i * i);
        }());
    }

    TEST_CASE(
        "maps in any order go through a queue with room for one call, and single calls come through beside them") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2, .max_queued = 1});
            auto map = [](process_pool& p, bool ordered) -> task<std::vector<int>> {
                const auto items = std::views::iota(0, 2'000);
                const map_options one_by_one{.batch = 1};
                auto results = ordered ? p.map(square, items, one_by_one) : p.map_unordered(square, items, one_by_one);
                co_return co_await std::move(results).collect();
            };
            auto single = [](process_pool& p) -> task<int> {
                int sum = 0;
                for (int i = 0; i != 100; ++i) sum += co_await p.run(square, 1);
                co_return sum;
            };
            auto [in_order, as_they_come, sum] = co_await when_all(map(pool, true), map(pool, false), single(pool));
            std::ranges::sort(as_they_come);
            CHECK(in_order == as_they_come);
            CHECK(in_order.size() == 2'000);
            CHECK(in_order.back() == 1'999 * 1'999);
            CHECK(sum == 100);
            const pool_stats now = co_await pool.stats();
            CHECK(now.queued + now.awaiting_room == 0);
        }());
    }
}
