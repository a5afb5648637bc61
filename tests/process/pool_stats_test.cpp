#include <braid/process/pool_stats.hpp>

#include "support/gate.hpp"

#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/process/process_pool.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

using namespace braid;
using namespace braid::testing;
using namespace std::chrono_literals;

// What the workers run.
namespace {

int pid() { return ::getpid(); }
int takes_as_long_as(std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end) {
    }
    return ::getpid();
}
std::string echoes(const std::string& text) { return text; }
void kills_itself(int signal) { ::raise(signal); }
void exits() { ::_exit(3); }

void fails() { throw std::runtime_error("there is no model here"); }
void hangs() {
    for (;;) ::pause();
}

bool not_needed_alone(const pool_stats& s, std::uint64_t workers) {
    const worker_ends& ended = s.ended;
    return ended.not_needed == workers && ended.died_of_calls == 0 && ended.died_idle == 0 && ended.stopped_calls == 0;
}

task<bool> five_were_unfit(process_pool_options options) {
    process_pool pool(std::move(options));
    CHECK_THROWS_AS(co_await pool.run(pid), pool_failed);
    const pool_stats now = co_await pool.stats();
    CHECK(now.ended.broke_protocol == 0);
    co_return now.ended.died_of(death_reason::unfit) == 5 && now.ended.died_idle == 5;
}

/// A worker counts a call when it has told the result.
task<pool_stats> stats_when_counted(process_pool& pool, std::uint64_t runs) {
    for (;;) {
        const pool_stats now = co_await pool.stats();
        if (now.ran.count() >= runs) co_return now;
        co_await sleep_for(1ms);
    }
}

// What a histogram tells is right to an eighth.
template <class Time>
bool at_least(std::chrono::nanoseconds told, Time time) {
    return told >= std::chrono::nanoseconds(time) * 7 / 8;
}

}  // namespace

TEST_SUITE("process/pool_stats") {
    TEST_CASE("statistics say which call a worker is running, since when, and what it holds") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            gate door;
            auto standing = pool.submit(call_options{.name = "stands at the gate"}, gate::pass, door.path());
            co_await door.arrival();
            const pool_stats now = co_await pool.stats();
            REQUIRE(now.workers.size() == 1);
            const worker_stats& worker = now.workers[0];
            CHECK(worker.at == worker_stats::state::busy);
            CHECK(worker.call == "stands at the gate");
            CHECK(worker.age.count() > 0);
            CHECK(worker.memory.value_or(0) > 0);
            CHECK(worker.pid > 0);
            CHECK(now.in_flight == 1);
            door.open();
            CHECK(co_await std::move(standing) == worker.pid);
            const pool_stats after = co_await pool.stats();
            CHECK(after.answered == 1);
            CHECK(after.workers[0].call.empty());
        }());
    }

    TEST_CASE("a batch of a map counts as as many runs as it has items") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2});
            const std::vector<std::string> texts(5'000, "text");
            co_await pool.map(echoes, texts).collect();
            CHECK((co_await stats_when_counted(pool, texts.size())).ran.count() == texts.size());
        }());
    }

    TEST_CASE("every call that was answered is counted once: how long it waited, ran and travelled") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2});
            std::vector<job<int>> jobs;
            for (int i = 0; i != 200; ++i) jobs.push_back(pool.submit(pid));
            for (auto& each : jobs) co_await std::move(each);
            const pool_stats now = co_await stats_when_counted(pool, 200);
            CHECK(now.waited.count() == 200);
            CHECK(now.ran.count() == 200);
            CHECK(now.travelled.count() == 200);
        }());
    }

    TEST_CASE("how long calls ran is known, also of workers that are gone") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .calls_per_worker = 1});
            for (int i = 0; i != 3; ++i) co_await pool.run(takes_as_long_as, 5ms);
            const pool_stats now = co_await stats_when_counted(pool, 3);
            CHECK(now.started >= 3);
            CHECK(now.ran.count() == 3);
            CHECK(at_least(now.ran.percentile(1), 5ms));
        }());
    }

    TEST_CASE("a call that waits for a worker waits as long as that is busy") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            gate door;
            auto standing = pool.submit(gate::pass, door.path());
            co_await door.arrival();
            const auto began = std::chrono::steady_clock::now();
            std::vector<job<int>> jobs;
            for (int i = 0; i != 20; ++i) jobs.push_back(pool.submit(pid));
            while ((co_await pool.stats()).queued < 10) co_await sleep_for(1ms);
            const auto busy = std::chrono::steady_clock::now() - began;
            door.open();
            for (auto& each : jobs) co_await std::move(each);
            co_await std::move(standing);
            const pool_stats now = co_await pool.stats();
            CHECK(now.waited.count() == 21);
            CHECK(at_least(now.waited.percentile(100), busy));
        }());
    }

    TEST_CASE("what is too large for one write travels, and does not count as running") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            const std::string text(32 << 20, 'x');
            const auto back = co_await pool.run(echoes, text);
            CHECK(back == text);
            const pool_stats now = co_await pool.stats();
            CHECK(now.travelled.count() == 1);
            CHECK(now.travelled.percentile(50) > 0ns);
        }());
    }

    TEST_CASE(
        "workers that end with their pool, idle, busy or just started, were not needed, and did not die of anything") {
        run_blocking([]() -> task<> {
            gate door;
            process_pool busy({.workers = 2});
            auto standing = busy.submit(gate::pass, door.path());
            auto other = busy.submit(gate::pass, door.path());
            co_await door.arrival();
            co_await door.arrival();
            busy.terminate();
            co_await busy.close();
            CHECK(not_needed_alone(co_await busy.stats(), 2));
            CHECK_THROWS_AS(co_await std::move(standing), cancelled);
            CHECK_THROWS_AS(co_await std::move(other), cancelled);

            process_pool idle({.workers = 1});
            co_await idle.run(pid);
            idle.terminate();
            co_await idle.close();
            CHECK(not_needed_alone(co_await idle.stats(), 1));
        }());
    }

    TEST_CASE(
        "a worker that cannot take calls was unfit: its initialiser fails or hangs, or it says nothing for long") {
        run_blocking([]() -> task<> {
            const std::vector<process_pool_options> useless{
                {.workers = 1, .initialise = {fails}},
                {.workers = 1, .initialise_limit = 5ms, .initialise = {hangs}},
                {.workers = 1, .start_limit = 1ms, .initialise_limit = 5ms, .initialise = {hangs}},
            };
            for (const auto& each : useless) CHECK(co_await five_were_unfit(each));
        }());
    }

    TEST_CASE("workers that died are counted with the reason") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .output = worker_output::discard});
            CHECK_THROWS_AS(co_await pool.run(kills_itself, SIGABRT), worker_died);
            CHECK_THROWS_AS(co_await pool.run(kills_itself, SIGKILL), worker_died);
            CHECK_THROWS_AS(co_await pool.run(kills_itself, SIGKILL), worker_died);
            CHECK_THROWS_AS(co_await pool.run(exits), worker_died);
            const pool_stats now = co_await pool.stats();
            CHECK(now.ended.died_of_calls == 4);
            CHECK(now.ended.died_of(death_reason::killed) + now.ended.died_of(death_reason::out_of_memory) == 2);
            CHECK(now.ended.died_of(death_reason::crashed) == 1);
            CHECK(now.ended.died_of(death_reason::exited) == 1);
        }());
    }
}
