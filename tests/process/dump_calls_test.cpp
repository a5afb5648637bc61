#include <braid/trace/dump.hpp>

#include "support/gate.hpp"

#include <braid/core/named.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>
#include <braid/process/process_pool.hpp>
#include <braid/thread/start_on.hpp>
#include <braid/thread/thread_pool.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

using namespace braid;
using namespace braid::testing;
using namespace std::chrono_literals;

namespace {

const task_info* find(const std::vector<task_info>& tasks, std::string_view name) {
    for (const task_info& t : tasks) {
        if (t.name == name) return &t;
        if (const task_info* below = find(t.children, name)) return below;
    }
    return nullptr;
}

const task_info* find(const task_dump& dump, std::string_view name) {
    for (const home_info& where : dump.homes) {
        if (const task_info* it = find(where.roots, name)) return it;
    }
    return nullptr;
}

bool says(const std::string& text, std::string_view words) { return text.find(words) != std::string::npos; }

task<> stands_at(process_pool& pool, gate& door) { co_await pool.run(gate::pass, door.path()); }
task<> stands_far_away_at(process_pool& pool, gate& door) { co_await named("far", stands_at(pool, door)); }

}  // namespace

TEST_SUITE("trace/dump: calls in workers") {
    TEST_CASE("a task that waits for a worker is shown with its call, the process and for how long") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .name = "the only pool"});
            gate door;
            co_await with_task_group([&](task_group& group) -> task<> {
                group.start([](process_pool& p, gate& g) { return named("first", stands_at(p, g)); }, std::ref(pool),
                            std::ref(door));
                co_await door.arrival();
                const std::string worker = "in worker " + std::to_string(pool.worker_pids().at(0));
                for (int i = 0; i != 20; ++i) {
                    group.start([](process_pool& p, gate& g) { return named("later", stands_at(p, g)); },
                                std::ref(pool), std::ref(door));
                }
                while ((co_await pool.stats()).queued == 0) co_await sleep_for(1ms);

                const task_dump dump = co_await dump_tasks(1min);
                const task_info* first = find(dump, "first");
                REQUIRE(first);
                CHECK_MESSAGE(says(first->waits_for, "gate::pass"), first->waits_for);
                CHECK_MESSAGE(says(first->waits_for, worker + ", which has run it for "), first->waits_for);
                const std::string text = dump.text();
                CHECK_MESSAGE(says(text, "in the queue of the pool the only pool"), text);
                for (int i = 0; i != 21; ++i) door.open();
            });
        }());
    }

    TEST_CASE("a call that was sent ahead is shown at its worker, but not as running") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            gate door;
            co_await with_task_group([&](task_group& group) -> task<> {
                for (const char* name : {"one", "two"}) {
                    group.start([](process_pool& p, gate& g, const char* n) { return named(n, stands_at(p, g)); },
                                std::ref(pool), std::ref(door), name);
                }
                co_await door.arrival();
                const task_dump dump = co_await dump_tasks(1min);
                const task_info* second = find(dump, "two");
                REQUIRE(second);
                // It may have been taken back into the queue by now, because the first takes so long.
                const std::string& words = second->waits_for;
                CHECK_MESSAGE((says(words, "which has yet to begin it") || says(words, "in the queue")), words);
                door.open();
                door.open();
            });
        }());
    }

    TEST_CASE("a call from another home is shown as well") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            thread_pool threads({.threads = 1});
            gate door;
            co_await with_task_group([&](task_group& group) -> task<> {
                group.start(
                    [](thread_pool& t, process_pool& p, gate& g) -> task<> {
                        co_await start_on(t, stands_far_away_at, std::ref(p), std::ref(g));
                    },
                    std::ref(threads), std::ref(pool), std::ref(door));
                co_await door.arrival();
                const task_dump dump = co_await dump_tasks(1min);
                const task_info* far = find(dump, "far");
                REQUIRE(far);
                CHECK_MESSAGE(says(far->waits_for, "in worker " + std::to_string(pool.worker_pids().at(0))),
                              far->waits_for);
                door.open();
            });
        }());
    }
}
