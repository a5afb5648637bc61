// process_pool_options::initialise_limit: workers that never come to an end of their initialiser.

#include "support/leftovers.hpp"
#include "support/run_counter.hpp"

#include <braid/core/spawn.hpp>
#include <braid/process/process_pool.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <string>

#include <unistd.h>

using namespace braid;
using namespace braid::testing;
using namespace std::chrono_literals;

// What the workers run.
namespace {

int pid() { return ::getpid(); }
void hang() {
    for (;;) ::pause();
}
void stop() { ::raise(SIGSTOP); }
void hang_in_the_first(const std::string& counter) {
    if (run_counter::ran(counter, 0) == 1) hang();
}
void stop_in_the_first(const std::string& counter) {
    if (run_counter::ran(counter, 0) == 1) stop();
}

// What the parent does.
std::string failure_with(worker_initialiser initialise) {
    std::string why;
    run_blocking([](worker_initialiser i, std::string& said) -> task<> {
        process_pool pool({.workers = 1, .initialise_limit = 20ms, .initialise = std::move(i)});
        try {
            co_await pool.run(pid);
        } catch (const pool_failed& e) {
            said = e.what();
        }
    }(std::move(initialise), why));
    return why;
}

/// Long enough for an initialiser that does next to nothing, on a machine that does too much.
constexpr auto enough = 1s;

}  // namespace

TEST_SUITE("process/pool_options: initialise_limit") {
    TEST_CASE("workers whose initialiser hangs are killed, and pool_failed says what they were waited for") {
        const std::string why = failure_with({hang});
        CHECK_MESSAGE(why.find("its initialiser had not returned after 20 ms") != std::string::npos, why);
        CHECK(has_no_child());
    }

    TEST_CASE("so are those that are stopped in it") {
        const std::string why = failure_with({stop});
        CHECK_MESSAGE(why.find("its initialiser had not returned after 20 ms") != std::string::npos, why);
        CHECK(has_no_child());
    }

    TEST_CASE("a call waits for the worker that comes after one that hung, or was stopped, in its initialiser") {
        for (const auto first : {hang_in_the_first, stop_in_the_first}) {
            run_counter counter(1);
            run_blocking([](run_counter& c, void (*initialiser)(const std::string&)) -> task<> {
                process_pool pool({.workers = 1, .initialise_limit = enough, .initialise = {initialiser, c.path()}});
                CHECK(co_await pool.run(pid) > 0);
                const pool_stats now = co_await pool.stats();
                CHECK(now.started >= 2);
                CHECK(now.ended.died_of_calls == 0);
            }(counter, first));
            CHECK(counter.runs_of(0) >= 2);
        }
    }

    TEST_CASE("a pool that is closed does not wait for an initialiser that hangs") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .min_workers = 1, .initialise = {hang}});
            for (;;) {
                const pool_stats now = co_await pool.stats();
                if (!now.workers.empty() && now.workers[0].pid > 0) break;
            }
            co_await pool.close();
        }());
        CHECK(has_no_child());
    }

    TEST_CASE("no time at all is refused") {
        run_blocking([]() -> task<> {
            CHECK_THROWS_AS(process_pool({.initialise_limit = 0ms}), usage_error);
            co_return;
        }());
    }
}
