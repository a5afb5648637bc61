// Workers that are forked of a zygote.

#include <braid/process/zygote.hpp>

#include "support/gate.hpp"
#include "support/leftovers.hpp"

#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>
#include <braid/process/process_pool.hpp>

#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace braid;
using namespace braid::testing;
using namespace std::chrono_literals;

// What zygotes and workers run.
namespace {

struct model {
    int loader = 0;
    std::string content;
};
model* the_model = nullptr;

void load(const std::string& content) { the_model = new model{::getpid(), content}; }
void load_nothing() {}
void fails() { throw std::runtime_error("there is no model here"); }
void leaves() { ::_exit(3); }
void hangs() {
    for (;;) ::pause();
}
void leaves_a_thread() { std::thread(hangs).detach(); }
void passes_gate(const std::string& path) { gate::pass(path); }

struct seen {
    int pid;
    int loader;
    std::uint64_t address;
    std::string content;
};
seen look() { return {::getpid(), the_model->loader, reinterpret_cast<std::uintptr_t>(the_model), the_model->content}; }
int pid() { return ::getpid(); }
int parent() { return ::getppid(); }
int kills_itself() { return ::raise(SIGKILL); }
int crashes() {
    std::signal(SIGSEGV, SIG_DFL);
    return ::raise(SIGSEGV);
}

/// The C library believes the number that it keeps of this thread: a recursive lock belongs to it.
bool knows_its_thread() {
    pthread_mutexattr_t kind;
    ::pthread_mutexattr_init(&kind);
    ::pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_t lock;
    ::pthread_mutex_init(&lock, &kind);
    ::pthread_mutex_lock(&lock);
    return lock.__data.__owner == ::gettid() && ::pthread_mutex_unlock(&lock) == 0;
}
int sum_of_threads() {
    std::mutex lock;
    int sum = 0;
    std::vector<std::thread> threads;
    for (int i = 1; i <= 4; ++i) {
        threads.emplace_back([&, i] {
            const std::lock_guard locked(lock);
            sum += i;
        });
    }
    for (auto& each : threads) each.join();
    return sum;
}

struct surroundings {
    std::string colour;
    std::string directory;
    std::string name;
    int niceness = 0;
    int cpus = 0;
    int group = 0;
    std::string input;
    std::uint64_t file_limit = 0;
    bool has_zygote_variable = false;
    std::set<std::string> files;
};
surroundings look_around() {
    surroundings s;
    if (const char* value = std::getenv("BRAIDTEST_COLOUR")) s.colour = value;
    s.directory = std::filesystem::current_path();
    std::ifstream line("/proc/self/cmdline");
    std::getline(line, s.name, '\0');
    std::getline(line, s.name, '\0');
    line.close();
    s.niceness = ::getpriority(PRIO_PROCESS, 0);
    cpu_set_t set;
    ::sched_getaffinity(0, sizeof set, &set);
    s.cpus = CPU_COUNT(&set);
    s.group = ::getpgrp();
    s.input = std::filesystem::read_symlink("/proc/self/fd/0");
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    s.file_limit = limit.rlim_cur;
    s.has_zygote_variable = std::getenv("BRAID_ZYGOTE") != nullptr;
    for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code gone;
        const auto target = std::filesystem::read_symlink(each.path(), gone);
        if (!gone) s.files.insert(target);
    }
    return s;
}

std::size_t threads_of(int process) {
    const std::filesystem::directory_iterator tasks("/proc/" + std::to_string(process) + "/task");
    return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
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

TEST_SUITE("process/zygote") {
    TEST_CASE("workers have what their zygote has loaded, once, and are children of this process") {
        run_blocking([]() -> task<> {
            const zygote warm(load, std::string("words"));
            process_pool pool({.workers = 1, .zygote = warm, .calls_per_worker = 1});
            std::set<int> workers;
            std::set<std::uint64_t> addresses;
            for (int i = 0; i < 4; ++i) {
                const seen s = co_await pool.run(look);
                workers.insert(s.pid);
                addresses.insert(s.address);
                CHECK(s.content == "words");
                CHECK(s.loader == warm.pid());
                CHECK(co_await pool.run(parent) == ::getpid());
            }
            CHECK(workers.size() == 4);
            CHECK(workers.count(warm.pid()) == 0);
            CHECK(addresses.size() == 1);
            co_await pool.close();
        }());
        CHECK(has_no_child());
    }

    TEST_CASE("a zygote has one thread, and its workers may have more") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .zygote = {load_nothing}});
            CHECK(co_await pool.run(sum_of_threads) == 10);
            CHECK(co_await pool.run(knows_its_thread));
            const zygote warm(load_nothing);
            process_pool other({.workers = 1, .zygote = warm});
            co_await other.run(pid);
            CHECK(threads_of(warm.pid()) == 1);
        }());
    }

    TEST_CASE("two pools share a zygote, which ends with the last that uses it") {
        run_blocking([]() -> task<> {
            process_pool first({.workers = 1, .zygote = {load, std::string("shared")}});
            const seen a = co_await first.run(look);
            CHECK(a.content == "shared");
            {
                const zygote warm(load_nothing);
                process_pool second({.workers = 1, .zygote = warm});
                process_pool third({.workers = 1, .zygote = warm});
                co_await second.run(pid);
                const int zygote_pid = warm.pid();
                co_await second.close();
                co_await third.run(pid);
                CHECK(warm.pid() == zygote_pid);
            }
        }());
        CHECK(has_no_child());
    }

    TEST_CASE("the settings of a pool hold for workers that are forked") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1,
                               .name = "a forked worker",
                               .zygote = {load_nothing},
                               .limits = {.file_size = 1U << 20},
                               .niceness = 3,
                               .cpus = {0},
                               .environment = {"BRAIDTEST_COLOUR=blue"},
                               .working_directory = "/"});
            const int worker = co_await pool.run(pid);
            const surroundings s = co_await pool.run(look_around);
            CHECK(s.colour == "blue");
            CHECK(s.directory == "/");
            CHECK(s.name == "a forked worker");
            CHECK(s.niceness == std::min(::getpriority(PRIO_PROCESS, 0) + 3, 19));
            CHECK(s.cpus == 1);
            CHECK(s.group == worker);
            CHECK(s.input == "/dev/null");
            CHECK(s.file_limit == 1U << 20);
            CHECK(!s.has_zygote_variable);
            CHECK(s.files.count("/memfd:braid-zygote (deleted)") == 0);
            CHECK(s.files.count("/memfd:braid-preload (deleted)") == 0);
        }());
    }

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
            death_reason reason = death_reason::unknown;
            try {
                co_await pool.run(crashes);
            } catch (const worker_died& e) {
                reason = e.reason();
            }
            CHECK(reason == death_reason::crashed);
        }());
    }
}
