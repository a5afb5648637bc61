#include <braid/process/pool_options.hpp>

#include "support/gate.hpp"
#include "support/hostile.hpp"
#include "support/leftovers.hpp"

#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/process/process_pool.hpp>
#include <braid/process/shared_bytes.hpp>
#include <braid/process/worker_state.hpp>

#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <new>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace braid;
using namespace braid::testing;
using namespace std::chrono_literals;

// What the workers run.
namespace {

int pid() { return ::getpid(); }
std::uint64_t memory_allowed() { return hostile().header().memory_limit; }
int pid_of(int) { return ::getpid(); }
int kills_itself() {
    ::raise(SIGKILL);
    return 0;
}
void hoards(std::size_t bytes) {
    auto* const kept = new std::vector<char>(bytes, 'x');  // the leak is what this is about
    static std::atomic<void*> seen;
    seen = kept;
}
[[maybe_unused]] std::size_t allocates(std::size_t bytes) { return std::string(bytes, 'x').size(); }
void computes_for_ever() {
    for (volatile bool go = true; go;) {  // volatile: or Clang takes the loop away
    }
}
void writes(const std::string& path, std::size_t bytes) {
    std::ofstream(path) << std::string(bytes, 'x') << std::flush;
}
std::string variable(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value ? value : "";
}
std::string directory() { return std::filesystem::current_path(); }
int niceness() { return ::getpriority(PRIO_PROCESS, 0); }
int cpus() {
    cpu_set_t set;
    ::sched_getaffinity(0, sizeof set, &set);
    return CPU_COUNT(&set);
}

std::string greeting;
void greet_as(const std::string& name) { greeting = "hello from " + name; }
std::string greets() { return greeting; }
void cannot_begin() { throw std::runtime_error("there is no model here"); }

struct counts_encodings {
    counts_encodings() = default;
    explicit counts_encodings(int& of) : count(&of) {}
    template <class Archive>
    void save(Archive&) const {
        ++*count;
    }
    template <class Archive>
    void load(Archive&) {}
    int* count = nullptr;
};
void takes_count(const counts_encodings&) {}

struct not_today {};  // and no std::exception
struct unwilling {
    template <class Archive>
    void save(Archive&) const {
        throw not_today();
    }
    template <class Archive>
    void load(Archive&) {}
};
void takes_unwilling(const unwilling&) {}
void takes_bytes(const shared_bytes&) {}

struct counted_state {
    int uses = 0;
};
worker_state<counted_state> the_state([] { return counted_state{.uses = 100}; });
int uses_state() { return ++the_state->uses; }

task<> until(process_pool& pool, bool (*reached)(const pool_stats&)) {
    for (;;) {
        const pool_stats now = co_await pool.stats();
        if (reached(now)) co_return;
        co_await sleep_for(1ms);
    }
}

}  // namespace

TEST_SUITE("process/pool_options") {
    TEST_CASE("a worker is replaced after its calls, between two of them, and nothing is lost") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .calls_per_worker = 10});
            std::set<int> pids;
            std::vector<int> items(100);
            for (const int each : co_await pool.map(pid_of, items).collect()) pids.insert(each);
            CHECK(pids.size() >= 100 / 12);
            CHECK(pids.size() <= 10);
            co_await until(pool, [](const pool_stats& s) { return s.ended.calls_used_up >= 8; });
            const pool_stats after = co_await pool.stats();
            CHECK(after.answered == 100);
            CHECK(after.ended.died_of_calls == 0);
        }());
    }

    TEST_CASE("a worker that holds too much memory after a call is replaced") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .memory_per_worker = 256U << 20});
            const int before = co_await pool.run(pid);
            CHECK(co_await pool.run(pid) == before);
            co_await pool.run(hoards, std::size_t{300} << 20);
            co_await until(pool, [](const pool_stats& s) { return s.ended.memory_used_up == 1; });
            const int after = co_await pool.run(pid);
            CHECK(after != before);
        }());
    }

    TEST_CASE("how much memory a worker may hold is drawn for each, so that they do not all go at once") {
        constexpr std::uint64_t most = std::uint64_t{1} << 30;
        std::set<std::uint64_t> allowed;
        for (int i = 0; i < 8; ++i) {
            run_blocking([](std::set<std::uint64_t>& seen) -> task<> {
                process_pool pool({.workers = 1, .memory_per_worker = most});
                seen.insert(co_await pool.run(memory_allowed));
            }(allowed));
        }
        CHECK(allowed.size() > 1);
        CHECK(*allowed.begin() >= most - most / 10);
        CHECK(*allowed.rbegin() <= most);
    }

    TEST_CASE("workers that have been idle for long end, down to the minimum") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 4, .min_workers = 1, .idle_time = 5ms});
            std::vector<job<int>> jobs;
            gate door;
            for (int i = 0; i < 4; ++i) jobs.push_back(pool.submit(gate::pass, door.path()));
            for (int i = 0; i < 4; ++i) co_await door.arrival();
            CHECK((co_await pool.stats()).workers.size() >= 4);
            for (int i = 0; i < 4; ++i) door.open();
            for (auto& each : jobs) co_await std::move(each);
            co_await until(pool, [](const pool_stats& s) { return s.workers.size() == 1; });
            const pool_stats after = co_await pool.stats();
            CHECK(after.started >= 4);  // one may have been idle for so long before it had a call
            CHECK(after.ended.not_needed == after.started - 1);
            CHECK(after.workers[0].at == worker_stats::state::idle);
        }());
    }

    TEST_CASE("a pool that is idle keeps no context running for its idle time") {
        boost::asio::io_context context;
        process_pool pool(context.get_executor(), {.workers = 2, .idle_time = 1h});
        std::vector<int> pids;
        spawn(
            context,
            [](process_pool& p, std::vector<int>& seen) -> task<> {
                seen.push_back(co_await p.run(pid));
                co_await sleep_for(1ms);  // so that it knows that one is idle, and until when
                seen.push_back(co_await p.run(pid));
                co_await sleep_for(1ms);
            }(pool, pids),
            [](std::exception_ptr) {});
        context.run();
        CHECK(pids.size() == 2);
        CHECK(pool.worker_pids().size() == 1);
    }

    TEST_CASE("a pool whose calls were all taken back keeps no context running") {
        for (const auto spin : {0us, 20us}) {
            boost::asio::io_context context;
            process_pool pool(context.get_executor(), {.workers = 1, .spin = spin});
            bool taken_back = false;
            spawn(
                context,
                [](process_pool& p, bool& cancelled_in_time) -> task<> {
                    const int worker = co_await p.run(pid);
                    ::kill(worker, SIGSTOP);
                    auto never_begun = p.submit(pid);
                    while ((co_await p.stats()).in_flight == 0) co_await sleep_for(1ms);
                    never_begun.cancel();
                    CHECK_THROWS_AS(co_await std::move(never_begun), cancelled);
                    cancelled_in_time = true;
                }(pool, taken_back),
                [](std::exception_ptr) {});
            context.run();
            CHECK(taken_back);
        }
    }

    TEST_CASE("the minimum is there without being asked for, and again after a death") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 3, .min_workers = 2});
            const auto two_idle = [](const pool_stats& s) {
                return std::count_if(s.workers.begin(), s.workers.end(),
                                     [](const worker_stats& w) { return w.at == worker_stats::state::idle; }) == 2;
            };
            co_await until(pool, two_idle);
            ::kill(pool.worker_pids().front(), SIGKILL);
            co_await until(pool, [](const pool_stats& s) { return s.ended.died_idle == 1; });
            co_await until(pool, two_idle);
        }());
    }

    TEST_CASE("a pool that is resized under load settles, and nothing is lost") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            std::vector<int> items(3000);
            auto results = pool.map(pid_of, items);
            std::size_t seen = 0;
            for (const int size : {4, 2, 3, 1}) {
                pool.resize(size);
                for (int i = 0; i < 750; ++i) seen += (co_await results.next()).has_value() ? 1 : 0;
            }
            CHECK(seen == 3000);
            co_await until(pool, [](const pool_stats& s) { return s.workers.size() == 1; });
            CHECK_THROWS_AS(pool.resize(0), usage_error);
        }());
    }

    TEST_CASE("an initialiser runs in each worker, before any call") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .initialise = {greet_as, std::string("Ada")}, .calls_per_worker = 1});
            for (int i = 0; i < 3; ++i) {
                const std::string said = co_await pool.run(greets);
                CHECK(said == "hello from Ada");
            }
        }());
    }

    TEST_CASE(
        "an initialiser that fails is tried a bounded number of times, then the waiting calls fail with its words") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2, .initialise = {cannot_begin}});
            std::string why;
            try {
                co_await pool.run(pid);
            } catch (const pool_failed& e) {
                why = e.what();
            }
            CHECK_MESSAGE(why.find("there is no model here") != std::string::npos, why);
            const pool_stats after = co_await pool.stats();
            CHECK(after.started <= 10);
        }());
    }

    TEST_CASE("an initialiser's arguments are encoded once, however many workers it runs in") {
        run_blocking([]() -> task<> {
            int encodings = 0;
            process_pool pool({.workers = 1, .initialise = {takes_count, counts_encodings(encodings)}});
            CHECK(encodings == 1);
            for (int i = 0; i < 3; ++i) CHECK_THROWS_AS(co_await pool.run(kills_itself), worker_died);
            CHECK(co_await pool.run(pid) > 0);
            CHECK(encodings == 1);
        }());
    }

    TEST_CASE("what the arguments of an initialiser throw when they are encoded is thrown by the pool's constructor") {
        run_blocking([]() -> task<> {
            CHECK_THROWS_AS(process_pool({.initialise = {takes_unwilling, unwilling()}}), not_today);
            CHECK_THROWS_AS(process_pool({.initialise = {takes_bytes, shared_bytes(10)}}), wire::encode_error);
            co_return;
        }());
    }

    TEST_CASE("worker state is made once in each worker, and kept between calls") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            CHECK(co_await pool.run(uses_state) == 101);
            CHECK(co_await pool.run(uses_state) == 102);
            CHECK_THROWS_AS(co_await pool.run(kills_itself), worker_died);
            CHECK(co_await pool.run(uses_state) == 101);
        }());
    }

    TEST_CASE("a worker beyond its CPU time dies of that, one beyond its file size of SIGXFSZ") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .limits = {.cpu_time = 1s, .file_size = 1U << 16}});
            death_reason reason = death_reason::unknown;
            try {
                co_await pool.run(computes_for_ever);
            } catch (const worker_died& e) {
                reason = e.reason();
            }
            CHECK(reason == death_reason::cpu_limit);
            const std::string path =
                std::filesystem::temp_directory_path() / ("braid-limit-" + std::to_string(::getpid()));
            co_await pool.run(writes, path, 1000);
            int signal = 0;
            try {
                co_await pool.run(writes, path, std::size_t{1} << 20);
            } catch (const worker_died& e) {
                signal = e.signal().value_or(0);
            }
            CHECK(signal == SIGXFSZ);
            std::filesystem::remove(path);
        }());
    }

#if !defined(__has_feature)
    TEST_CASE("a call beyond the memory limit throws std::bad_alloc, and the worker goes on") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .limits = {.memory = 512U << 20}});
            const int before = co_await pool.run(pid);
            CHECK_THROWS_AS(co_await pool.run(allocates, std::size_t{1} << 30), std::bad_alloc);
            CHECK(co_await pool.run(pid) == before);
        }());
    }
#endif

    TEST_CASE("environment, directory, niceness and CPUs of the workers are as asked for") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1,
                               .niceness = 3,
                               .cpus = {0},
                               .environment = {"BRAIDTEST_COLOUR=blue"},
                               .working_directory = "/"});
            const std::string colour = co_await pool.run(variable, std::string("BRAIDTEST_COLOUR"));
            CHECK(colour == "blue");
            const std::string where = co_await pool.run(directory);
            CHECK(where == "/");
            CHECK(co_await pool.run(niceness) == std::min(::getpriority(PRIO_PROCESS, 0) + 3, 19));
            CHECK(co_await pool.run(cpus) == 1);
        }());
    }

    TEST_CASE("a variable of a pool's environment counts, whatever this process says of it, and of two the last one") {
        ::setenv("BRAIDTEST_COLOUR", "red", 1);
        ::setenv("BRAIDTEST_SHAPE", "round", 1);
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .environment = {"BRAIDTEST_COLOUR=green", "BRAIDTEST_COLOUR=blue"}});
            const std::string colour = co_await pool.run(variable, std::string("BRAIDTEST_COLOUR"));
            CHECK(colour == "blue");
            const std::string shape = co_await pool.run(variable, std::string("BRAIDTEST_SHAPE"));
            CHECK(shape == "round");
        }());
        ::unsetenv("BRAIDTEST_COLOUR");
        ::unsetenv("BRAIDTEST_SHAPE");
    }

    TEST_CASE("a directory that is not there is the reason that the calls get") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .working_directory = "/nonexistent"});
            std::string why;
            try {
                co_await pool.run(pid);
            } catch (const pool_failed& e) {
                why = e.what();
            }
            CHECK_MESSAGE(why.find("No such file or directory") != std::string::npos, why);
        }());
    }

    TEST_CASE("options that make no sense are refused, with words") {
        run_blocking([]() -> task<> {
            CHECK_THROWS_AS(process_pool({.workers = 2, .min_workers = 3}), usage_error);
            CHECK_THROWS_AS(process_pool({.idle_time = -1ms}), usage_error);
            CHECK_THROWS_AS(process_pool({.cpus = {-1}}), usage_error);
            CHECK_THROWS_AS(process_pool({.environment = {"no value"}}), usage_error);
            CHECK_THROWS_AS(process_pool({.limits = {.cpu_time = -1s}}), usage_error);
            CHECK_THROWS_AS(process_pool({.limits = {.cpu_time = 0s}}), usage_error);
            CHECK_THROWS_AS(process_pool({.limits = {.memory = 0}}), usage_error);
            co_return;
        }());
    }
}
