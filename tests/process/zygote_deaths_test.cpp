// Zygotes and their workers that fail, hang and are killed.

#include <braid/process/zygote.hpp>

#include "support/gate.hpp"
#include "support/leftovers.hpp"
#include "support/preloaded.hpp"
#include "support/sanitized.hpp"

#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/process/process_pool.hpp>

#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include <sys/resource.h>
#include <unistd.h>

using namespace braid;
using namespace braid::testing;
using namespace preloaded;
using namespace std::chrono_literals;

// What zygotes and workers run.
namespace {

void fails() { throw std::runtime_error("there is no model here"); }
void leaves() { ::_exit(3); }
void hangs() {
    for (;;) ::pause();
}
void leaves_a_thread() { std::thread(hangs).detach(); }
void passes_gate(const std::string& path) { gate::pass(path); }
int kills_itself() { return ::raise(SIGKILL); }
int crashes() {
    volatile int* volatile nowhere = nullptr;
    return *nowhere;
}

/// Why a call to a pool that is forked of this fails.
std::string why_not(process_pool_options options) {
    return run_blocking([](process_pool_options o) -> task<std::string> {
        process_pool pool(std::move(o));
        try {
            co_await pool.run(pid);
        } catch (const pool_failed& e) {
            co_return e.what();
        }
        co_return "it worked";
    }(std::move(options)));
}

bool contains(const std::string& text, std::string_view words) { return text.find(words) != std::string::npos; }

}  // namespace

TEST_SUITE("process/zygote_deaths") {
    TEST_CASE("a directory that is not there is the reason that calls to a forked worker get") {
        const std::string why = why_not({.workers = 1, .zygote = {load_nothing}, .working_directory = "/nonexistent"});
        CHECK_MESSAGE(contains(why, "could not enter the directory /nonexistent: No such file"), why);
    }

    TEST_CASE("a preload that throws fails the waiting calls with its words, and is not run over and over") {
        const std::string why = why_not({.workers = 3, .zygote = {fails}});
        CHECK_MESSAGE(contains(why, "there is no model here"), why);
        CHECK(has_no_child());
    }

    TEST_CASE("a preload that ends the process fails the waiting calls, and says how") {
        const std::string why = why_not({.workers = 1, .zygote = {leaves}});
        CHECK_MESSAGE(contains(why, "exited with code 3"), why);
    }

    TEST_CASE("a preload that leaves a thread running is refused") {
        const std::string why = why_not({.workers = 1, .zygote = {leaves_a_thread}});
        CHECK_MESSAGE(contains(why, "it left 1 threads running"), why);
    }

    TEST_CASE("a preload that hangs is ended by the start limit, and the waiting calls fail") {
        const std::string why = why_not({.workers = 1, .start_limit = 20ms, .zygote = {hangs}});
        CHECK_MESSAGE(contains(why, "did not fork it within 20 ms"), why);
        CHECK(has_no_child());
    }

    TEST_CASE("a zygote that cannot fork just now is asked again a few times before the waiting calls fail") {
        run_blocking([]() -> task<> {
            const zygote warm(load_nothing);
            process_pool pool({.workers = 1, .zygote = warm, .calls_per_worker = 1});
            CHECK(co_await pool.run(parent) == ::getpid());
            rlimit before{};
            rlimit few{.rlim_cur = 9, .rlim_max = 0};  // what it has open, and no room for a worker's pipes
            REQUIRE(::prlimit(warm.pid(), RLIMIT_NOFILE, nullptr, &before) == 0);
            few.rlim_max = before.rlim_max;
            REQUIRE(::prlimit(warm.pid(), RLIMIT_NOFILE, &few, nullptr) == 0);
            const pool_stats then = co_await pool.stats();
            std::string why;
            try {
                co_await pool.run(pid);
            } catch (const pool_failed& e) {
                why = e.what();
            }
            CHECK_MESSAGE(contains(why, "5 times in a row; the last time: its zygote could not fork"), why);
            const pool_stats now = co_await pool.stats();
            CHECK(now.started - then.started >= 5);
            CHECK(::prlimit(warm.pid(), RLIMIT_NOFILE, &before, nullptr) == 0);
            CHECK(co_await pool.run(parent) == ::getpid());
        }());
        CHECK(has_no_child());
    }

    TEST_CASE("a zygote that is killed while it is idle is started again, and no call is lost") {
        run_blocking([]() -> task<> {
            const zygote warm(load, std::string("again"));
            process_pool pool({.workers = 1, .zygote = warm, .calls_per_worker = 1});
            for (int i = 0; i < 5; ++i) {
                const seen s = co_await pool.run(look);
                CHECK(s.content == "again");
                ::kill(s.loader, SIGKILL);
            }
        }());
        CHECK(has_no_child());
    }

    TEST_CASE("a zygote that is killed while it preloads is started again, and no call is lost") {
        gate door;
        run_blocking([](gate& g) -> task<> {
            const zygote warm(passes_gate, g.path());
            process_pool pool({.workers = 2, .zygote = warm});
            auto job = pool.submit(parent);
            co_await g.arrival();
            while (warm.pid() < 0) co_await sleep_for(1ms);
            ::kill(warm.pid(), SIGKILL);
            co_await g.arrival();
            g.open();
            CHECK(co_await std::move(job) == ::getpid());
        }(door));
        CHECK(has_no_child());
    }

    TEST_CASE("two hundred workers that are killed leave no zombie and no descriptor") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .zygote = {load_nothing}});
            int worker = co_await pool.run(pid);
            const belongings before;
            for (int i = 0; i < 200; ++i) {
                ::kill(worker, SIGKILL);
                for (bool gone = false; !gone;) {
                    try {
                        gone = co_await pool.run(pid) != worker;
                    } catch (const worker_died&) {
                        gone = true;  // it had come to the one that was about to die
                    }
                }
                worker = co_await pool.run(pid);
            }
            // The last that was killed may be dying still.
            while ((co_await pool.stats()).workers.size() != 1) co_await sleep_for(1ms);
            CHECK(belongings() == before);
            co_await pool.close();
        }());
        CHECK(has_no_child());
    }

    TEST_CASE("a pool and its zygote that nobody closes leave no process, from a plain thread and whenever they end") {
        boost::asio::io_context context;
        for (int round = 0; round < 40; ++round) {
            std::optional<job<void>> hanging;  // outlives the pool, which ends it
            std::optional<job<int>> short_one;
            process_pool pool(context.get_executor(), {.workers = 2, .zygote = {load_nothing}});
            hanging.emplace(pool.submit(hangs));
            short_one.emplace(pool.submit(pid));
            context.run_for(std::chrono::microseconds(round * 150));
            context.restart();
        }
        CHECK(has_no_child());
    }

    TEST_CASE("a stopped zygote holds nothing up that is given up") {
        run_blocking([]() -> task<> {
            const zygote warm(load_nothing);
            {
                process_pool pool({.workers = 1, .zygote = warm});
                co_await pool.run(pid);
            }
            ::kill(warm.pid(), SIGSTOP);
            process_pool pool({.workers = 1, .zygote = warm});
            auto job = pool.submit(pid);
            job.cancel();
            CHECK_THROWS_AS(co_await std::move(job), cancelled);
        }());
        CHECK(has_no_child());
    }

    TEST_CASE("a worker that is killed costs the call that it was running, and no other") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .zygote = {load, std::string("x")}});
            CHECK_THROWS_AS(co_await pool.run(kills_itself), worker_died);
            const seen s = co_await pool.run(look);
            CHECK(s.content == "x");
        }());
    }

    TEST_CASE("a forked worker that crashes tells its stack" * doctest::skip(braid_test::sanitized)) {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .zygote = {load_nothing}});
            std::optional<worker_died> death;
            try {
                co_await pool.run(crashes);
            } catch (const worker_died& e) {
                death = e;
            }
            REQUIRE(death);
            CHECK(death->reason() == death_reason::crashed);
            REQUIRE(!death->stack().empty());
            CHECK_MESSAGE(contains(death->stack().front(), "crashes"), death->stack().front());
        }());
    }

    TEST_CASE("of a zygote that is left, even while it starts, nothing is open when its pool is gone") {
        boost::asio::io_context context;
        const auto make_and_leave = [&] {
            const process_pool pool(context.get_executor(), {.workers = 1, .zygote = {load_nothing}});
        };
        make_and_leave();  // what is made once is made
        const belongings before;
        for (int i = 0; i != 100; ++i) {
            make_and_leave();
            CHECK(belongings() == before);
        }
    }
}
