// Zygotes that die at every step of their talk with the parent, and workers that die before they are any.

#include <braid/process/zygote.hpp>

#include "support/faults.hpp"
#include "support/leftovers.hpp"

#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>
#include <braid/process/process_pool.hpp>

#include <doctest/doctest.h>

#include <functional>

#include <unistd.h>

using namespace braid;
using namespace braid::testing;
using braid::process_detail::step;

namespace {

constexpr std::size_t calls = 12;

// What zygotes and workers run.
int loaded = 0;
void load() { loaded = 42; }
int look() { return loaded; }

/// A pool's life in which a process dies there, the so many-th time that one comes there. Returns how many calls had
/// their value.
std::size_t live_through() {
    return run_blocking([]() -> task<std::size_t> {
        std::size_t values = 0;
        process_pool pool({.workers = 3, .zygote = {load}, .calls_per_worker = 2});
        co_await with_task_group([&](task_group& g) -> task<> {
            for (std::size_t i = 0; i != calls; ++i) {
                g.start([](process_pool& p, std::size_t& v) -> task<> { v += co_await p.run(look) == 42 ? 1 : 0; },
                        std::ref(pool), std::ref(values));
            }
            co_return;
        });
        co_await pool.close();
        co_return values;
    }());
}

void die_at(step at, int times) {
    for (int time = 0; time != times; ++time) {
        CAPTURE(time);
        const braid_test::fault_at fault(at, time);
        CHECK(live_through() == calls);
        CHECK(fault.happened());
        CHECK(has_no_child());
    }
}

}  // namespace

TEST_SUITE("process/zygote: deaths") {
    TEST_CASE("a zygote that dies before its preload loses no call") { die_at(step::preloads, 1); }

    TEST_CASE("a zygote that dies with a request in its hands loses no call") { die_at(step::takes_fork, 3); }

    TEST_CASE("a zygote that dies when it has forked a worker and told nobody loses neither call nor worker") {
        die_at(step::forked, 3);
    }

    TEST_CASE("a forked worker that dies before it is one costs no call") { die_at(step::is_forked, 1); }
}
