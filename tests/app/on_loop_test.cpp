#include <braid/app/on_loop.hpp>

#include <braid/app/run.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>
#include <braid/core/when_all.hpp>
#include <braid/thread/fork_join.hpp>

#include <support/run_here.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <latch>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

using namespace braid;
using namespace std::chrono_literals;
using braid_test::run_here;

namespace {

std::thread::id here() { return std::this_thread::get_id(); }

/// Returns to the loop that it lives on after each wait.
task<std::thread::id> live() {
    const auto home = here();
    co_await sleep_for(1ms);
    CHECK(here() == home);
    co_await checkpoint();
    CHECK(here() == home);
    co_return home;
}

task<> live_beside_main() {
    const auto main = here();
    CHECK(co_await on_loop(live) != main);
    CHECK(here() == main);
}

/// Holds up its loop until all have come: they can only be on different ones.
task<> meet(std::latch& all) {
    all.arrive_and_wait();
    co_return;
}

task<> meet_on_other_loops() {
    std::latch all(2);
    co_await when_all(on_loop(meet, std::ref(all)), on_loop(meet, std::ref(all)));
}

task<> meet_on_each_loop() {
    std::latch all(3);
    co_await on_each_loop(meet, std::ref(all));
}

struct places {
    std::mutex mutex;
    std::set<std::thread::id> seen;
    std::set<std::string> said;
};

task<> take_note(places& all, std::string word) {
    const auto home = co_await live();
    const std::lock_guard lock(all.mutex);
    all.seen.insert(home);
    all.said.insert(word);
}

task<> see_each_loop() {
    places all;
    co_await on_each_loop(take_note, std::ref(all), "an argument that each gets a copy of");
    CHECK(all.seen.size() == 3);
    CHECK(all.seen.contains(here()));
    CHECK(all.said.size() == 1);
}

struct sleepers {
    std::atomic<int> begun = 0;
    std::atomic<int> ended = 0;
};

task<> sleep_long(sleepers& all) {
    ++all.begun;
    try {
        co_await sleep_for(24h);
    } catch (const cancelled&) {
        ++all.ended;
        throw;
    }
}

/// Cancels `work` once so many have begun. All of them have ended then.
task<> stop_when_begun(task<> work, sleepers& all, int count) {
    co_await with_task_group([&](task_group& g) -> task<> {
        g.start([](task<> w) { return w; }, std::move(work));
        while (all.begun != count) co_await sleep_for(100us);
        g.cancel();
    });
    CHECK(all.ended == count);
}

task<> stop_everywhere() {
    sleepers one;
    co_await stop_when_begun(on_loop(sleep_long, std::ref(one)), one, 1);
    sleepers each;
    co_await stop_when_begun(on_each_loop(sleep_long, std::ref(each)), each, 3);
}

task<> fail_on_one(std::thread::id main, sleepers& others) {
    if (here() != main) co_await sleep_long(others);
    while (others.begun != 2) co_await sleep_for(100us);
    throw std::runtime_error("on the loop of main");
}

task<> fail_everywhere() {
    sleepers others;
    std::string message;
    try {
        co_await on_each_loop(fail_on_one, here(), std::ref(others));
    } catch (const std::runtime_error& e) {
        message = e.what();
    }
    CHECK(message == "on the loop of main");
    CHECK(others.ended == 2);
}

task<long> fib(int n) {
    if (n < 2) co_return n;
    auto [a, b] = co_await fork_join(fib(n - 1), fib(n - 2));
    co_return a + b;
}

task<> compute_on_all() { CHECK(co_await on_loop(fib, 20) == 6'765); }

task<> ask_from_another_loop() {
    const auto nested = []() -> task<> { co_await on_each_loop(live); };
    bool refused = false;
    try {
        co_await on_loop(nested);
    } catch (const usage_error&) {
        refused = true;
    }
    CHECK(refused);
}

task<> stay() {
    CHECK(co_await on_loop(live) == here());
    places all;
    co_await on_each_loop(take_note, std::ref(all), "once");
    CHECK(all.seen == std::set{here()});
}

}  // namespace

TEST_SUITE("app/on_loop") {
    TEST_CASE("a coroutine lives on another loop, to which it returns after each wait, as its caller does to its own") {
        CHECK(run_here(live_beside_main, {.loops = 3}) == 0);
    }

    TEST_CASE("those that are started while all loops are without work are on different ones: a hundred times") {
        for (int i = 0; i < 100; ++i) CHECK(run_here(meet_on_other_loops, {.loops = 3}) == 0);
    }

    TEST_CASE("each loop gets one, with a copy of the arguments, at the same time: a hundred times") {
        CHECK(run_here(see_each_loop, {.loops = 3}) == 0);
        for (int i = 0; i < 100; ++i) CHECK(run_here(meet_on_each_loop, {.loops = 3}) == 0);
    }

    TEST_CASE("cancellation reaches every loop, and what is on them has ended when the await returns") {
        CHECK(run_here(stop_everywhere, {.loops = 3}) == 0);
    }

    TEST_CASE("a failure on one loop ends what is on the others") {
        CHECK(run_here(fail_everywhere, {.loops = 3}) == 0);
    }

    TEST_CASE("the loops are a pool for forks") { CHECK(run_here(compute_on_all, {.loops = 3}) == 0); }

    TEST_CASE("each loop is asked for from that of main only") {
        CHECK(run_here(ask_from_another_loop, {.loops = 2}) == 0);
    }

    TEST_CASE("with one loop, or without run, everything is on that of the caller") {
        CHECK(run_here(stay) == 0);
        run_blocking(stay());
    }
}
