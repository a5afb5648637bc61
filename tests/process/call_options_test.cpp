#include <braid/process/call_options.hpp>

#include "support/gate.hpp"
#include "support/run_counter.hpp"

#include <braid/core/spawn.hpp>
#include <braid/core/when_all.hpp>
#include <braid/process/process_pool.hpp>

#include <doctest/doctest.h>

#include <csignal>
#include <cstddef>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

using namespace braid;
using namespace braid::testing;

// What the workers run.
namespace {

int dies_before(const std::string& counter, int run) {
    const int now = run_counter::ran(counter, 0);
    if (now < run) ::raise(SIGKILL);
    return now;
}
void throws(const std::string& counter) {
    run_counter::ran(counter, 0);
    throw std::runtime_error("as ever");
}
void write_down(const std::string& path, const std::string& what) { std::ofstream(path, std::ios::app) << what << ' '; }

std::string contents(const std::string& path) {
    std::ifstream file(path);
    std::string text;
    std::getline(file, text);
    return text;
}

}  // namespace

TEST_SUITE("process/call_options") {
    TEST_CASE("a call that may be repeated survives the deaths of its workers") {
        run_counter counter(1);
        run_blocking([](run_counter& c) -> task<> {
            process_pool pool({.workers = 2});
            CHECK(co_await pool.run(call_options{.retries = 2}, dies_before, c.path(), 3) == 3);
        }(counter));
        CHECK(counter.runs_of(0) == 3);
    }

    TEST_CASE(
        "a call that always kills its worker runs as often as was allowed, and the error tells all of the deaths") {
        run_counter counter(1);
        run_blocking([](run_counter& c) -> task<> {
            process_pool pool({.workers = 2});
            std::optional<worker_died> death;
            try {
                co_await pool.run(call_options{.retries = 3}, dies_before, c.path(), 100);
            } catch (const worker_died& e) {
                death = e;
            }
            REQUIRE(death);
            REQUIRE(death->earlier().size() == 3);
            CHECK(death->earlier()[0].signal() == SIGKILL);
            CHECK(death->earlier()[0].pid() != death->earlier()[1].pid());
            const std::string what = death->what();
            CHECK_MESSAGE(what.find("; this was attempt 4") != std::string::npos, what);
        }(counter));
        CHECK(counter.runs_of(0) == 4);
    }

    TEST_CASE("an exception is an answer: the call is not run again") {
        run_counter counter(1);
        run_blocking([](run_counter& c) -> task<> {
            process_pool pool({.workers = 1});
            CHECK_THROWS_AS(co_await pool.run(call_options{.retries = 3}, throws, c.path()), std::runtime_error);
        }(counter));
        CHECK(counter.runs_of(0) == 1);
    }

    TEST_CASE("a name of the caller's is what the error says") {
        run_counter counter(1);
        run_blocking([](run_counter& c) -> task<> {
            process_pool pool({.workers = 1});
            std::string name;
            try {
                co_await pool.run(call_options{.name = "the poison"}, dies_before, c.path(), 100);
            } catch (const worker_died& e) {
                name = e.call();
            }
            CHECK(name == "the poison");
        }(counter));
    }

    TEST_CASE("among the calls that wait, those of higher priority are begun first, the others in their order") {
        gate door;
        const std::string log = door.path() + "/log";
        run_blocking([](gate& g, const std::string& path) -> task<> {
            process_pool pool({.workers = 1});
            auto first = pool.submit(gate::pass, g.path());
            co_await g.arrival();
            std::vector<job<void>> jobs;
            // The one that stands at the gate was expected to be quick, so a few of these may have been sent ahead:
            // they come back when it is found to be slow.
            const auto submit = [&](call_priority priority, const std::string& what) {
                jobs.push_back(pool.submit(call_options{.priority = priority}, write_down, path, what));
            };
            submit(call_priority::low, "low1");
            submit(call_priority::normal, "normal1");
            submit(call_priority::high, "high1");
            submit(call_priority::low, "low2");
            submit(call_priority::high, "high2");
            submit(call_priority::normal, "normal2");
            while ((co_await pool.stats()).queued != 6) co_await sleep_for(std::chrono::milliseconds(1));
            g.open();
            co_await std::move(first);
            for (auto& each : jobs) co_await std::move(each);
            CHECK(contents(path) == "high1 high2 normal1 normal2 low1 low2 ");
        }(door, log));
        ::unlink(log.c_str());
    }
}
