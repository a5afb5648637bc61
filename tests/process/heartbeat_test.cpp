// Workers that give no sign of life: process_pool_options::heartbeat, and answers that do not come.

#include "support/sanitized.hpp"

#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/process/process_pool.hpp>

#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <unistd.h>

using namespace braid;
using namespace std::chrono_literals;

// What the workers run.
namespace {

int pid() { return ::getpid(); }
int stops_itself() {
    ::raise(SIGSTOP);
    return ::getpid();
}
int computes_for(std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end) {
    }
    return ::getpid();
}
void stops_at_first(const std::string& file) {
    if (std::ifstream(file)) return;
    std::ofstream(file) << "x";
    ::raise(SIGSTOP);
}
void begins_stopped() { ::raise(SIGSTOP); }

/// It, or its first thread, was stopped by a signal.
bool is_stopped(int process) {
    std::ifstream stat("/proc/" + std::to_string(process) + "/stat");
    std::string number, name, state;
    stat >> number >> name >> state;
    return state == "T";
}

// Under load a living worker must not be taken for a dead one: long enough for any scheduler.
constexpr auto beat = 250ms;

}  // namespace

TEST_SUITE("process/pool_options: heartbeat") {
    TEST_CASE("a worker that was stopped is found, and costs the call that it was running alone") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .heartbeat = beat});
            auto stopped = pool.submit(stops_itself);
            std::vector<job<int>> behind;
            for (int i = 0; i != 10; ++i) behind.push_back(pool.submit(pid));
            std::optional<worker_died> death;
            try {
                co_await std::move(stopped);
            } catch (const worker_died& e) {
                death = e;
            }
            REQUIRE(death);
            CHECK(death->reason() == death_reason::unresponsive);
            CHECK(std::string(death->what()).find("no sign of life") != std::string::npos);
            for (auto& each : behind) {
                const int other = co_await std::move(each);
                CHECK(other != death->pid());
            }
            const pool_stats now = co_await pool.stats();
            CHECK(now.ended.died_of(death_reason::unresponsive) == 1);
        }());
    }

    TEST_CASE("a call that computes for many heartbeats is left alone") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .heartbeat = beat});
            const int first = co_await pool.run(pid);
            CHECK(co_await pool.run(computes_for, 4 * beat) == first);
        }());
    }

    TEST_CASE("a worker that is stopped while it is idle is found by the next call, which may be repeated") {
        const std::string file = "/tmp/braid-heartbeat-" + std::to_string(::getpid());
        run_blocking([](const std::string& path) -> task<> {
            process_pool pool({.workers = 1, .heartbeat = beat});
            const int first = co_await pool.run(pid);
            ::kill(first, SIGSTOP);
            while (!is_stopped(first)) co_await sleep_for(1ms);
            const int second = co_await pool.run(pid);  // it had not begun, so it runs elsewhere
            CHECK(second != first);
            co_await pool.run(call_options{.retries = 1}, stops_at_first, path);
            CHECK(co_await pool.run(pid) != second);
        }(file));
        ::unlink(file.c_str());
    }

    // An answer is kept only for 100 us, which is too short for instrumented code, and not at all where the parent
    // looks.
    TEST_CASE("without heartbeats, a worker is found that keeps the answer to a call that was cancelled" *
              doctest::skip(braid_test::sanitized)) {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .grace = 0ms, .spin = 0us});
            std::optional<worker_died> death;
            bool kept = false;  // the answer of the first, which else has come before the worker was stopped
            while (!kept) {
                const int worker = co_await pool.run(pid);
                auto first = pool.submit(pid);
                auto behind = pool.submit(stops_itself);
                while (!is_stopped(worker)) co_await sleep_for(1ms);
                kept = !first.done();
                kept ? first.cancel() : static_cast<void>(::kill(worker, SIGKILL));
                try {
                    co_await std::move(behind);
                } catch (const worker_died& e) {
                    death = e;
                }
                REQUIRE(death);
                CHECK(death->pid() == worker);
            }
            CHECK(death->reason() == death_reason::unresponsive);
        }());
    }

    TEST_CASE("a worker that stops in its initialiser is found") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .heartbeat = 20ms, .initialise = {begins_stopped}});
            CHECK_THROWS_AS(co_await pool.run(pid), pool_failed);
        }());
    }

    TEST_CASE("a pool that is idle keeps no context running for its heartbeat") {
        boost::asio::io_context context;
        process_pool pool(context.get_executor(), {.workers = 1, .heartbeat = 1h});
        auto job = pool.submit(pid);
        context.run();
        CHECK(job.done());
    }

    TEST_CASE("no time at all is no heartbeat") {
        run_blocking([]() -> task<> {
            CHECK_THROWS_AS(process_pool({.heartbeat = 0ms}), usage_error);
            co_return;
        }());
    }
}
