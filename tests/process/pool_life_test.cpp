// What befalls a pool from outside: workers that die at every point, descriptors that run out, loops that end, and
// callers of other loops.

#include <braid/process/process_pool.hpp>

#include "support/gate.hpp"
#include "support/leftovers.hpp"
#include "support/loop_thread.hpp"
#include "support/sanitized.hpp"

#include <braid/core/deadline.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>
#include <braid/core/when_all.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace braid;
using namespace braid::testing;
using namespace std::chrono_literals;

namespace {

// Where a worker is told to die, before main.
constexpr const char* die_at_start = "BRAIDTEST_DIE_AT_START";      // a file: one more line for each that did
constexpr const char* die_at_request = "BRAIDTEST_DIE_AT_REQUEST";  // a file: the same
constexpr const char* die_once = "BRAIDTEST_DIE_ONCE";

constexpr int request_pipe = 3;
constexpr int reply_pipe = 4;

/// True for the first to come, if only one is to die.
bool my_turn(const char* file) {
    if (!std::getenv(die_once)) return true;
    const int fd = ::open((std::string(file) + ".once").c_str(), O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0) ::close(fd);
    return fd >= 0;
}

[[maybe_unused]] const bool dies = [] {
    if (!std::getenv("BRAID_WORKER")) return false;
    if (const char* file = std::getenv(die_at_start)) {
        std::ofstream(file, std::ios::app) << "start\n";
        ::_exit(3);
    }
    if (const char* file = std::getenv(die_at_request); file && my_turn(file)) {
        std::ofstream(file, std::ios::app) << "request\n";
        ::signal(SIGIO, SIG_DFL);  // which ends it when the first bytes come, long before it has all of them
        ::fcntl(request_pipe, F_SETOWN, ::getpid());
        ::fcntl(request_pipe, F_SETFL, O_ASYNC);
    }
    return true;
}();

/// Sets variables of the environment for as long as it lives.
class environment_variable {
public:
    environment_variable(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
    environment_variable(const environment_variable&) = delete;
    environment_variable& operator=(const environment_variable&) = delete;
    ~environment_variable() { ::unsetenv(name_); }

private:
    const char* name_;
};

int lines_in(const std::string& file) {
    std::ifstream in(file);
    int lines = 0;
    for (std::string line; std::getline(in, line);) ++lines;
    return lines;
}

/// At most `free` more descriptors can be opened.
class few_descriptors {
public:
    explicit few_descriptors(std::size_t free) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        rlimit few = before_;
        // The first numbers that are free, which need not be the next ones: we may have inherited others.
        std::vector<int> taken;
        while (taken.size() != free) taken.push_back(::dup(0));
        for (const int fd : taken) ::close(fd);
        few.rlim_cur = static_cast<rlim_t>(taken.back()) + 1;
        ::setrlimit(RLIMIT_NOFILE, &few);
    }
    few_descriptors(const few_descriptors&) = delete;
    few_descriptors& operator=(const few_descriptors&) = delete;
    ~few_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

// What the workers run.
int square(int x) { return x * x; }
int pid() { return ::getpid(); }
void killed() { ::raise(SIGKILL); }
int hangs() {
    for (;;) ::pause();
}
std::size_t length(const std::string& text) { return text.size(); }

/// Dies when part of its result has been written.
std::string dies_while_replying(std::size_t size) {
    std::thread([] {
        int written = 0;
        while (::ioctl(reply_pipe, FIONREAD, &written) == 0 && written == 0) ::sched_yield();
        ::kill(::getpid(), SIGKILL);
    }).detach();
    return std::string(size, 'x');
}

int loses_its_pipe() {
    ::close(reply_pipe);
    return hangs();
}

int abort_elsewhere() {
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    ::signal(SIGABRT, SIG_DFL);
    std::thread([] { ::raise(SIGABRT); }).join();
    return hangs();
}

/// How deep pools can be nested from here.
int depth_from_here() {
    return run_blocking([]() -> task<int> {
        std::optional<process_pool> pool;
        try {
            pool.emplace(process_pool_options{.workers = 1});
        } catch (const usage_error&) {
            co_return 0;
        }
        co_return 1 + co_await pool->run(depth_from_here);
    }());
}

/// A worker whose own workers die while it writes to them.
int writes_to_the_dying(int rounds) {
    return run_blocking([](int n) -> task<int> {
        process_pool pool({.workers = 1});
        const std::string text(4U << 20, 'x');
        int ended = 0;
        for (int i = 0; i < n; ++i) {
            const int worker = co_await pool.run(pid);
            co_await when_all(
                [](process_pool& p, const std::string& t, int& e) -> task<> {
                    try {
                        co_await p.run(length, t);
                    } catch (const worker_died&) {
                    }
                    ++e;
                }(pool, text, ended),
                [](int who) -> task<> {
                    co_await checkpoint();
                    ::kill(who, SIGKILL);
                }(worker));
        }
        co_return ended;
    }(rounds));
}

std::string temporary_name(const gate& g, const char* what) { return g.path() + "." + what; }

}  // namespace

TEST_SUITE("process/process_pool: life") {
    TEST_CASE("a death by signal, exit or another thread is told with its signal or code") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            struct death {
                std::optional<int> signal;
                std::optional<int> code;
            };
            const auto death_of = [&](auto call) -> task<death> {
                try {
                    co_await std::move(call);
                } catch (const worker_died& e) {
                    co_return death{e.signal(), e.exit_code()};
                }
                co_return death{};
            };
            CHECK((co_await death_of(pool.run([] { ::_exit(0); }))).code == 0);
            CHECK((co_await death_of(pool.run([] { ::_exit(42); }))).code == 42);
            CHECK((co_await death_of(pool.run(abort_elsewhere))).signal == SIGABRT);
            CHECK((co_await death_of(pool.run([] { ::raise(SIGKILL); }))).signal == SIGKILL);
            CHECK(co_await pool.run(square, 3) == 9);
        }());
    }

    TEST_CASE("an idle worker that is killed from outside is replaced for the next call") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            for (int i = 0; i < 20; ++i) {
                const int worker = co_await pool.run(pid);
                ::kill(worker, SIGKILL);
                // The death may be noticed only when the call is with that worker, which has not begun it then.
                CHECK(co_await pool.run(pid) != worker);
            }
        }());
    }

    TEST_CASE("a worker that dies with its result half written is worker_died, and the next call works") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .spin = std::chrono::microseconds(0)});
            for (int i = 0; i < 5; ++i) {
                bool died = false;
                try {
                    co_await pool.run(dies_while_replying, std::size_t{64} << 20);
                } catch (const worker_died& e) {
                    died = e.signal() == SIGKILL;
                }
                CHECK(died);
                CHECK(co_await pool.run(square, i) == i * i);
            }
        }());
    }

    TEST_CASE("a call whose worker dies while it reads the arguments has not begun, and runs in another") {
        gate names;
        const std::string file = temporary_name(names, "request");
        const environment_variable where(die_at_request, file);
        const environment_variable once(die_once, "1");
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            CHECK(co_await pool.run(length, std::string(64U << 20, 'x')) == 64U << 20);
        }());
        CHECK(lines_in(file) == 1);
        ::unlink(file.c_str());
        ::unlink((file + ".once").c_str());
    }

    TEST_CASE("workers that never come to run a call are not restarted for ever: pool_failed says how they died") {
        gate names;
        for (const char* variable : {die_at_start, die_at_request}) {
            const std::string file = temporary_name(names, variable);
            std::string why;
            run_blocking([](const char* v, const std::string& f, std::string& message) -> task<> {
                process_pool pool({.workers = 1});
                {
                    const environment_variable where(v, f);
                    try {
                        co_await pool.run(length, std::string(64U << 20, 'x'));
                    } catch (const pool_failed& e) {
                        message = e.what();
                    }
                }
                CHECK(co_await pool.run(square, 4) == 16);  // the pool itself is not lost
            }(variable, file, why));
            CHECK(why.find(variable == die_at_start ? "exited with code 3" : "killed by signal 29") !=
                  std::string::npos);
            CHECK(lines_in(file) == 5);
            ::unlink(file.c_str());
        }
    }

    // Clang's check of virtual calls opens a pipe for each type that it meets for the first time, and takes what it
    // cannot look at then for corrupt.
    TEST_CASE("without descriptors calls fail with the cause, with some left they run in what could be started" *
              doctest::skip(braid_test::sanitized)) {
        run_blocking([]() -> task<> {
            process_pool none({.workers = 4});
            std::string why;
            {
                const few_descriptors few(2);
                try {
                    co_await none.run(square, 2);
                } catch (const pool_failed& e) {
                    why = e.what();
                }
            }
            CHECK(why.find("Too many open files") != std::string::npos);
            CHECK(co_await none.run(square, 2) == 4);

            process_pool some({.workers = 4});
            CHECK(co_await some.run(square, 3) == 9);
            const few_descriptors few(2);
            std::vector<task<int>> calls;
            for (int i = 0; i < 1'000; ++i) {
                calls.push_back(
                    [](process_pool& p, int x) -> task<int> { co_return co_await p.run(square, x); }(some, i));
            }
            CHECK((co_await when_all(std::move(calls))).size() == 1'000);
            CHECK(some.worker_pids().size() == 1);
        }());
    }

    TEST_CASE("a worker that closes its reply pipe and goes on is ended, and its call with it") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            CHECK_THROWS_AS(co_await pool.run(loses_its_pipe), worker_died);
            CHECK(co_await pool.run(square, 5) == 25);
        }());
    }

    TEST_CASE("more than a pipe holds, queued behind a crash: every call ends in its own way") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            int good = 0;
            int dead = 0;
            co_await with_task_group([&](task_group& g) -> task<> {
                for (int i = 0; i < 100; ++i) {
                    g.start(
                        [](process_pool& p, int& ok, int& lost, int x) -> task<> {
                            try {
                                if (x % 25 == 0) co_await p.run([] { ::raise(SIGKILL); });
                                ok += co_await p.run(length, std::string(100'000, 'x')) == 100'000;
                            } catch (const worker_died&) {
                                ++lost;
                            }
                        },
                        std::ref(pool), std::ref(good), std::ref(dead), i);
                }
                co_return;
            });
            CHECK(good == 96);
            CHECK(dead == 4);
        }());
    }

    TEST_CASE("a thousand workers that die of their calls, one after the other, leave no zombie and no descriptor") {
        const belongings before;
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2});
            int died = 0;
            for (int i = 0; i < 1000; ++i) {
                try {
                    co_await pool.run(killed);
                } catch (const worker_died&) {
                    ++died;
                }
            }
            CHECK(died == 1000);
            co_await pool.close();
        }());
        CHECK(has_no_child());
        CHECK(belongings() == before);
    }

    TEST_CASE("pools nest in workers three deep, and no deeper") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            CHECK(co_await pool.run(depth_from_here) == 2);
        }());
    }

    TEST_CASE("a worker survives the death of its own worker while it writes to it") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            CHECK(co_await pool.run(writes_to_the_dying, 20) == 20);
        }());
    }

    TEST_CASE("terminate twice, or before anything ran, has no effect, and close after it returns") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2});
            pool.terminate();
            pool.terminate();
            co_await pool.close();
            CHECK_THROWS_AS(co_await pool.run(square, 1), closed);
        }());
    }

    TEST_CASE("a pool that goes out of scope, its workers idle, busy or just being started, leaves nothing behind") {
        const belongings before;
        for (int i = 0; i < 30; ++i) {
            run_blocking([](int round) -> task<> {
                process_pool pool({.workers = 2, .grace = 1ms});
                if (round % 3 == 0) co_await pool.run(square, 1);
                if (round % 3 == 1) co_await move_on_after(std::chrono::microseconds(200 * round), pool.run(hangs));
                if (round % 3 == 2) co_await move_on_after(1us, pool.run(hangs));
            }(i));
            CHECK(has_no_child());
            CHECK(belongings() == before);
        }
    }

    TEST_CASE("a pool goes on when its context is run again") {
        boost::asio::io_context context;
        process_pool pool(context.get_executor(), {.workers = 1});
        for (int i = 0; i < 3; ++i) {
            int value = 0;
            spawn(
                context, [](process_pool& p, int x) -> task<int> { co_return co_await p.run(square, x); }(pool, i),
                [&](std::exception_ptr, int v) { value = v; });
            context.run();
            context.restart();
            CHECK(value == i * i);
        }
    }

    TEST_CASE("a call that is made on another loop when its pool is gone is refused") {
        braid_test::loop_thread loop;
        auto pool = std::make_unique<process_pool>(loop.executor(), process_pool_options{.workers = 1});
        auto call = pool->run(square, 3);
        pool.reset();
        bool refused = false;
        run_blocking([](auto late, bool& was_refused) -> task<> {
            try {
                co_await std::move(late);
            } catch (const closed&) {
                was_refused = true;
            }
        }(std::move(call), refused));
        CHECK(refused);
    }

    TEST_CASE("calls from ten threads with loops of their own, cancelled from there too, each end in their way") {
        braid_test::loop_thread loop;
        process_pool pool(loop.executor(), {.workers = 2, .grace = 2ms});
        std::atomic<int> values = 0;
        std::atomic<int> stopped = 0;
        std::atomic<int> wrong = 0;
        std::vector<std::thread> threads;
        for (int t = 0; t < 10; ++t) {
            threads.emplace_back([&, t] {
                for (int i = 0; i < 200; ++i) {
                    try {
                        const int x = t * 1'000 + i;
                        auto call = [](process_pool& p, int n) -> task<int> { co_return co_await p.run(square, n); }(
                                                                   pool, x);
                        const int y = i % 3 == 0
                                          ? run_blocking(fail_after(std::chrono::microseconds(i), std::move(call)))
                                          : run_blocking(std::move(call));
                        ++(y == x * x ? values : wrong);
                    } catch (const timed_out&) {
                        ++stopped;
                    }
                }
            });
        }
        for (auto& thread : threads) thread.join();
        CHECK(values + stopped == 2'000);
        CHECK(values > 0);
        CHECK(stopped > 0);
        CHECK(wrong == 0);
    }

    TEST_CASE("a pool that is destroyed cancels the calls that other threads wait for, whenever they give up too") {
        for (int round = 0; round < 20; ++round) {
            gate door;
            std::atomic<int> begun = 0;
            std::atomic<int> ended = 0;
            std::vector<std::thread> threads;
            boost::asio::io_context context;
            auto pool = std::make_unique<process_pool>(context.get_executor(),
                                                       process_pool_options{.workers = 2, .grace = 0ms});
            const auto call = [&](std::chrono::microseconds limit) {
                const auto begins = [](std::atomic<int>& n) -> task<> {
                    ++n;
                    co_return;
                };
                try {
                    // In this order: what has been counted has reached the pool.
                    run_blocking(fail_after(limit, when_all(pool->run(gate::pass, door.path()), begins(begun))));
                } catch (const timed_out&) {
                    ++ended;
                } catch (const cancelled& c) {
                    ended += c.reason() == cancel_reason::shutdown;
                }
            };
            for (int t = 0; t < 4; ++t) {
                threads.emplace_back(call, std::chrono::microseconds(t % 2 ? 3'600'000'000 : 500 * (round + 1)));
            }
            // The loop is run by this thread until all calls are there, and then by nobody.
            spawn(
                context,
                [](gate& g, std::atomic<int>& n) -> task<> {
                    co_await g.arrival();
                    while (n != 4) co_await sleep_for(1ms);
                }(door, begun),
                [&](std::exception_ptr) { context.stop(); });
            context.run();
            pool.reset();
            for (auto& thread : threads) thread.join();
            CHECK(ended == 4);
        }
        CHECK(has_no_child());
    }
}
