// Workers that are forked of a zygote.

#include <braid/process/zygote.hpp>

#include "support/leftovers.hpp"
#include "support/preloaded.hpp"

#include <braid/core/spawn.hpp>
#include <braid/process/process_pool.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace braid;
using namespace braid::testing;
using namespace preloaded;

// What zygotes and workers run.
namespace {

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
    bool has_variable_of_a_zygote = false;
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
    s.has_variable_of_a_zygote = std::getenv("BRAID_ZYGOTE") || std::getenv("LD_BIND_NOW");
    for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code gone;
        const auto target = std::filesystem::read_symlink(each.path(), gone);
        if (!gone) s.files.insert(target);
    }
    return s;
}

/// How deep pools whose workers are forked can be nested from here.
int depth_from_here() {
    return run_blocking([]() -> task<int> {
        try {
            process_pool inner({.workers = 1, .zygote = {load_nothing}});
            co_return 1 + co_await inner.run(depth_from_here);
        } catch (const usage_error&) {
            co_return 0;
        }
    }());
}
void prints(int number) {
    std::printf("out %d\n", number);
    std::fprintf(stderr, "err %d\n", number);
}

std::size_t threads_of(int process) {
    const std::filesystem::directory_iterator tasks("/proc/" + std::to_string(process) + "/task");
    return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

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
            CHECK(!s.has_variable_of_a_zygote);
            CHECK(s.files.count("/memfd:braid-zygote (deleted)") == 0);
            CHECK(s.files.count("/memfd:braid-preload (deleted)") == 0);
        }());
    }

    TEST_CASE("a variable of a pool's environment counts in forked workers too, whatever their zygote has of it") {
        ::setenv("BRAIDTEST_COLOUR", "red", 1);
        run_blocking([]() -> task<> {
            const zygote warm(load_nothing);
            process_pool plain({.workers = 1, .zygote = warm});
            const surroundings before = co_await plain.run(look_around);
            CHECK(before.colour == "red");
            process_pool pool(
                {.workers = 1, .zygote = warm, .environment = {"BRAIDTEST_COLOUR=green", "BRAIDTEST_COLOUR=blue"}});
            const surroundings s = co_await pool.run(look_around);
            CHECK(s.colour == "blue");
        }());
        ::unsetenv("BRAIDTEST_COLOUR");
    }

    TEST_CASE("pools nest in workers that are forked as deep as in others, and no deeper") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .zygote = {load_nothing}});
            CHECK(co_await pool.run(depth_from_here) == 2);
        }());
        CHECK(has_no_child());
    }

    TEST_CASE("what a worker that is forked prints comes before the result of its call, and names both") {
        run_blocking([]() -> task<> {
            std::vector<std::string> heard;
            process_pool pool({.workers = 1,
                               .zygote = {load_nothing},
                               .output = worker_output::lines,
                               .on_line = [&](const worker_line& line) {
                                   heard.push_back(std::to_string(line.pid) + " " + std::string(line.call) + ": " +
                                                   std::string(line.text));
                               }});
            for (int i = 0; i != 20; ++i) {
                heard.clear();
                co_await pool.run(call_options{.name = "the printer"}, prints, i);
                const std::string from = std::to_string(pool.worker_pids().at(0)) + " the printer: ";
                std::ranges::sort(heard);  // two pipes, read one after the other
                CHECK(heard == std::vector{from + "err " + std::to_string(i), from + "out " + std::to_string(i)});
            }
        }());
    }
}
