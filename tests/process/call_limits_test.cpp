#include <braid/process/call_limits.hpp>

#include "support/sanitized.hpp"

#include <braid/core/error.hpp>
#include <braid/core/spawn.hpp>
#include <braid/process/process_pool.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

using namespace braid;
using namespace std::chrono_literals;

// What the workers run.
namespace {

int pid() { return ::getpid(); }
std::size_t allocates(std::size_t bytes) { return std::string(bytes, 'x').size(); }
std::chrono::milliseconds cpu_time() {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::milliseconds(now.tv_nsec / 1'000'000);
}
int computes_for(std::chrono::milliseconds time) {
    const auto end = cpu_time() + time;
    while (cpu_time() < end) {
    }
    return ::getpid();
}
void writes(const std::string& path, std::size_t bytes) {
    std::ofstream(path) << std::string(bytes, 'x') << std::flush;
}
std::vector<std::uint64_t> soft_limits() {
    std::vector<std::uint64_t> found;
    for (const auto resource : {RLIMIT_AS, RLIMIT_FSIZE, RLIMIT_CPU}) {
        rlimit limit{};
        ::getrlimit(resource, &limit);
        found.push_back(limit.rlim_cur);
    }
    return found;
}

template <class F, class... Args>
task<std::optional<worker_died>> death_of(process_pool& pool, call_limits limits, F function, Args... args) {
    try {
        co_await pool.run(call_options{.limits = limits}, function, args...);
    } catch (const worker_died& e) {
        co_return e;
    }
    co_return std::nullopt;
}

struct temporary_file {
    temporary_file() {
        const int fd = ::mkstemp(path.data());
        if (fd >= 0) ::close(fd);
    }
    temporary_file(const temporary_file&) = delete;
    temporary_file& operator=(const temporary_file&) = delete;
    ~temporary_file() { std::filesystem::remove(path); }
    std::string path = "/tmp/braid-limits-XXXXXX";
};

constexpr std::size_t mega = 1U << 20;

}  // namespace

TEST_SUITE("process/call_limits") {
    TEST_CASE("a call over its CPU time dies of that, and the same worker has served longer ones before") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .output = worker_output::discard});
            const int first = co_await pool.run(computes_for, 150ms);
            const call_limits limits{.cpu_time = 50ms};
            const call_options limited{.limits = limits};
            CHECK(co_await pool.run(limited, computes_for, 10ms) == first);  // the time before is not its own
            CHECK(co_await pool.run(computes_for, 100ms) == first);          // nor is it limited any more
            const auto death = co_await death_of(pool, limits, computes_for, std::chrono::milliseconds(1h));
            REQUIRE(death);
            CHECK(death->reason() == death_reason::cpu_limit);
            CHECK(death->pid() == first);
            CHECK(death->cpu_time() >= 200ms);  // of its life, in ticks of the clock
            CHECK(co_await pool.run(pid) != first);
        }());
    }

    TEST_CASE("each item of a map has the limits to itself, however many could travel together") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .output = worker_output::discard});
            std::vector<std::chrono::milliseconds> times(6, 40ms);
            times[4] = 1h;
            map_options limited{.call = {.limits = {.cpu_time = 150ms}}, .batch = 6};
            auto outcomes = co_await pool.map_outcomes(computes_for, times, limited).collect();
            REQUIRE(outcomes.size() == times.size());
            for (std::size_t i = 0; i != times.size(); ++i) CHECK(outcomes[i].has_value() == (i != 4));
            try {
                static_cast<void>(std::move(outcomes[4]).value());
            } catch (const worker_died& e) {
                CHECK(e.reason() == death_reason::cpu_limit);
                CHECK(e.item() == 4);
            }
        }());
    }

    TEST_CASE("a call that writes too much into a file dies of that") {
        const temporary_file file;
        run_blocking([](const std::string& path) -> task<> {
            process_pool pool({.workers = 1, .output = worker_output::discard});
            const call_limits limits{.file_size = 1000};
            CHECK(!co_await death_of(pool, limits, writes, path, std::size_t{1000}));
            const auto death = co_await death_of(pool, limits, writes, path, std::size_t{1001});
            REQUIRE(death);
            CHECK(death->reason() == death_reason::file_size_limit);
            CHECK(death->signal() == SIGXFSZ);
            co_await pool.run(writes, path, std::size_t{5000});
        }(file.path));
        CHECK(std::filesystem::file_size(file.path) == 5000);
    }

    TEST_CASE("a call over its memory throws bad_alloc, and its worker goes on without the limit") {
        if (braid_test::sanitized) return;
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            const int before = co_await pool.run(pid);
            const call_options limited{.limits = {.memory = 64 * mega}};
            CHECK(co_await pool.run(limited, allocates, 16 * mega) == 16 * mega);
            bool refused = false;
            try {
                co_await pool.run(limited, allocates, 100 * mega);
            } catch (const std::bad_alloc&) {
                refused = true;
            }
            CHECK(refused);
            CHECK(co_await pool.run(allocates, 100 * mega) == 100 * mega);
            CHECK(co_await pool.run(pid) == before);
        }());
    }

    TEST_CASE("after the call the limits are what they were, and those of the pool hold throughout") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .limits = {.file_size = 2000}});
            const auto before = co_await pool.run(soft_limits);
            const call_options wide{.limits = {.cpu_time = 10s, .file_size = 1'000'000}};
            const auto within = co_await pool.run(wide, soft_limits);
            CHECK(within == before);  // it cannot have more than the pool allows
            const call_options narrow{.limits = {.cpu_time = 10s, .file_size = 100}};
            const auto less = co_await pool.run(narrow, soft_limits);
            CHECK(less[1] == 100);
            const auto after = co_await pool.run(soft_limits);
            CHECK(after == before);
        }());
    }

    TEST_CASE("calls with and without limits may follow each other closely") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .limits = {.file_size = 1'000'000}});
            std::vector<job<std::vector<std::uint64_t>>> jobs;
            for (std::uint64_t i = 0; i != 300; ++i) {
                const call_options narrow{.limits = {.file_size = 1000 + i}};
                jobs.push_back(i % 3 == 0 ? pool.submit(narrow, soft_limits) : pool.submit(soft_limits));
            }
            for (std::uint64_t i = 0; i != 300; ++i) {
                const auto limits = co_await std::move(jobs[i]);
                REQUIRE(limits[1] == (i % 3 == 0 ? 1000 + i : 1'000'000));
            }
        }());
    }

    TEST_CASE("no CPU time at all is refused, for that call alone") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            const call_options impossible{.limits = {.cpu_time = 0ms}};
            bool refused = false;
            try {
                co_await pool.run(impossible, pid);
            } catch (const usage_error&) {
                refused = true;
            }
            CHECK(refused);
            CHECK(co_await pool.run(pid) > 0);
        }());
    }
}
