// A pool whose queue has a limit, used from several threads and loops.

#include <braid/process/process_pool.hpp>

#include "support/gate.hpp"
#include "support/held_pool.hpp"
#include "support/loop_thread.hpp"
#include "support/run_counter.hpp"
#include "support/worker_killer.hpp"

#include <braid/core/deadline.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>

#include <boost/asio/use_future.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace braid;
using namespace braid::testing;
using namespace std::chrono_literals;

// What the workers run.
namespace {

int square(int x) { return x * x; }

}  // namespace

TEST_SUITE("process/process_pool: max_queued, several threads") {
    TEST_CASE("tried from several threads at once there are never more jobs than there is room for") {
        run_blocking([]() -> task<> {
            held_pool held(10);
            co_await held.hold();
            std::vector<std::vector<job<int>>> got(4);
            {
                std::vector<std::thread> threads;
                for (auto& mine : got) {
                    threads.emplace_back([&] {
                        for (int i = 0; i != 50; ++i) {
                            if (auto tried = held.pool.try_submit(square, i)) mine.push_back(*std::move(tried));
                        }
                    });
                }
                for (auto& each : threads) each.join();
            }
            std::size_t jobs = 0;
            for (const auto& mine : got) jobs += mine.size();
            CHECK(jobs == 10);
            co_await held.let_go();
            for (auto& mine : got) {
                for (auto& each : mine) co_await std::move(each);
            }
        }());
    }

    TEST_CASE("calls of several loops, some cancelled, with workers killed meanwhile, end once each and leave room") {
        constexpr std::size_t loops = 3;
        constexpr std::size_t calls = 300;
        run_counter counter(loops * calls);
        run_blocking([](run_counter& c) -> task<> {
            process_pool pool({.workers = 2, .max_queued = 3});
            worker_killer killer(7, 60);
            std::atomic<std::size_t> ended = 0;
            auto one = [](process_pool& p, const std::string& path, std::size_t i,
                          std::atomic<std::size_t>& n) -> task<> {
                try {
                    if (i % 5 == 0) {
                        co_await move_on_after(std::chrono::microseconds(i % 7 * 100),
                                               p.run(run_counter::ran, path, i));
                    } else if (i % 5 == 1) {
                        if (auto tried = p.try_submit(run_counter::ran, path, i)) co_await *std::move(tried);
                    } else {
                        co_await p.run(run_counter::ran, path, i);
                    }
                } catch (const worker_died&) {
                }
                ++n;
            };
            auto loop = [one](process_pool& p, const std::string& path, std::size_t from,
                              std::atomic<std::size_t>& n) -> task<> {
                co_await with_task_group([&](task_group& group) -> task<> {
                    for (std::size_t i = from; i != from + calls; ++i) {
                        group.start(one, std::ref(p), std::cref(path), i, std::ref(n));
                    }
                    co_return;
                });
            };
            {
                std::vector<std::unique_ptr<braid_test::loop_thread>> threads;
                std::vector<std::future<void>> over;
                for (std::size_t l = 0; l != loops; ++l) {
                    threads.push_back(std::make_unique<braid_test::loop_thread>());
                    over.push_back(spawn(threads.back()->executor(), loop(pool, c.path(), l * calls, ended),
                                         boost::asio::use_future));
                }
                // Paced by what has ended: a worker is to live for some calls, however long it takes to start.
                for (std::size_t seen = 0; seen != loops * calls; co_await sleep_for(100us)) {
                    for (; seen != ended; ++seen) killer.progress(pool.worker_pids());
                }
                for (auto& each : over) each.get();
            }
            killer.stop();
            const pool_stats now = co_await pool.stats();
            CHECK(now.queued == 0);
            CHECK(now.awaiting_room == 0);
            gate door;  // all of the room is there again, and no more
            std::vector<job<int>> held;
            for (int i = 0; i != 2; ++i) held.push_back(pool.submit(gate::pass, door.path()));
            for (int i = 0; i != 2; ++i) co_await door.arrival();
            std::vector<job<int>> tried;
            while (auto each = pool.try_submit(square, 2)) tried.push_back(*std::move(each));
            CHECK(tried.size() == 3);
            for (int i = 0; i != 2; ++i) door.open();
            for (auto& each : held) co_await std::move(each);
            for (auto& each : tried) CHECK(co_await std::move(each) == 4);
        }(counter));
        for (std::size_t i = 0; i != loops * calls; ++i) CHECK(counter.runs_of(i) <= 1);
    }
}
