// What is promised of a pool and has no better place.

#include <braid/process/process_pool.hpp>

#include "support/gate.hpp"
#include "support/leftovers.hpp"
#include "support/run_counter.hpp"
#include "support/sanitized.hpp"

#include <braid/core/deadline.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/time.h>
#include <unistd.h>

using namespace braid;
using namespace braid::testing;
using namespace std::chrono_literals;

namespace {

std::atomic<int> interruptions = 0;

/// System calls of this process fail with EINTR, a thousand times a second.
class storm {
public:
    storm() {
        struct sigaction action{};
        action.sa_handler = [](int) { ++interruptions; };  // no SA_RESTART
        ::sigaction(SIGALRM, &action, &before_);
        const itimerval often{{0, 1'000}, {0, 1'000}};
        ::setitimer(ITIMER_REAL, &often, nullptr);
    }
    storm(const storm&) = delete;
    storm& operator=(const storm&) = delete;
    ~storm() {
        const itimerval never{};
        ::setitimer(ITIMER_REAL, &never, nullptr);
        ::sigaction(SIGALRM, &before_, nullptr);
    }

private:
    struct sigaction before_{};
};

// What the workers run.
int square(int x) { return x * x; }
int pid() { return ::getpid(); }
void begin_storm() { static storm of_this_worker; }
int interruptions_here() { return interruptions; }
int runs(const std::string& counter) { return run_counter::ran(counter, 0); }
void waits_for_ever() {
    for (;;) ::pause();
}
/// What a program that is started with exec would find open besides the standard streams.
std::vector<std::string> open_for_others() {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        const int fd = std::stoi(entry.path().filename());
        const int flags = ::fcntl(fd, F_GETFD);
        std::error_code gone;
        if (fd > 2 && flags >= 0 && (flags & FD_CLOEXEC) == 0)
            found.push_back(std::filesystem::read_symlink(entry.path(), gone));
    }
    return found;
}
std::string reversed(std::string text) {
    std::reverse(text.begin(), text.end());
    return text;
}

std::string text_of(std::size_t size) {
    std::string text(size, ' ');
    for (std::size_t i = 0; i != size; ++i) text[i] = static_cast<char>('a' + i % 23);
    return text;
}

task<> exchange(process_pool& pool, std::size_t size, int& wrong) {
    const std::string sent = text_of(size);
    std::string back = co_await pool.run(reversed, sent);
    std::reverse(back.begin(), back.end());
    wrong += back != sent;
}

task<int> exchange_many(process_pool& pool) {
    int wrong = 0;
    co_await with_task_group([&](task_group& g) -> task<> {
        for (std::size_t i = 0; i != 60; ++i) {
            g.start(exchange, std::ref(pool), i % 20 == 7 ? i * 50'000 : i * 17, std::ref(wrong));
        }
        co_return;
    });
    co_return wrong;
}

/// As two calls do that run at the same time.
task<> have_two_workers(process_pool& pool) {
    gate doors[2];
    auto one = pool.submit(gate::pass, doors[0].path());
    auto other = pool.submit(gate::pass, doors[1].path());
    for (gate& door : doors) co_await door.arrival();
    for (const gate& door : doors) door.open();
    CHECK(co_await std::move(one) != co_await std::move(other));
}

/// Cancelled after so long. Which end it had.
task<> race(process_pool& pool, std::chrono::microseconds limit, int x, std::array<int, 3>& ends) {
    const auto value = co_await move_on_after(limit, pool.run(square, x));
    ++ends[!value ? 0 : *value == x * x ? 1 : 2];
}

}  // namespace

TEST_SUITE("process/process_pool: further promises") {
    TEST_CASE("interrupted system calls in a storm, on both sides: every frame is intact") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2, .initialise = begin_storm});
            const storm here;
            int there = 0;
            while (interruptions < 200 || there < 100) {
                const int wrong = co_await exchange_many(pool);
                CHECK(wrong == 0);
                there = co_await pool.run(interruptions_here);
            }
        }());
    }

    TEST_CASE("saturated fifteenfold there are never more workers than the maximum, one by one, calls have one alone") {
        run_blocking([]() -> task<> {
            process_pool lazy({.workers = 4});
            const int only = co_await lazy.run(pid);
            for (int i = 0; i < 50; ++i) CHECK(co_await lazy.run(pid) == only);

            process_pool pool({.workers = 2});
            co_await have_two_workers(pool);
            std::size_t most = 0;
            co_await with_task_group([&](task_group& g) -> task<> {
                for (int i = 0; i < 30; ++i) {
                    g.start(
                        [](process_pool& p, std::size_t& seen) -> task<> {
                            for (int n = 0; n < 20; ++n) {
                                co_await p.run(square, n);
                                seen = std::max(seen, p.worker_pids().size());
                            }
                        },
                        std::ref(pool), std::ref(most));
                }
                co_return;
            });
            CHECK(most == 2);
            const auto stats = co_await pool.stats();
            CHECK(stats.started == 2);
        }());
    }

    TEST_CASE("cancellation racing completion, ten thousand times: each has one outcome, and no later call is lost") {
        static constexpr int races = braid_test::sanitized ? 1'000 : 10'000;
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2});
            co_await pool.run(pid);
            std::array<int, 3> ends{};
            for (int i = 0; i < races; i += 10) {
                co_await with_task_group([&](task_group& g) -> task<> {
                    for (int n = 0; n < 10; ++n) {
                        g.start(race, std::ref(pool), std::chrono::microseconds((i + n) % 97), n, std::ref(ends));
                    }
                    co_return;
                });
                CHECK(co_await pool.run(square, i % 1'000) == (i % 1'000) * (i % 1'000));
            }
            CHECK(ends[0] + ends[1] == races);
            CHECK(ends[2] == 0);
        }());
    }

    TEST_CASE("workers that die idle, again and again, are started again ever more seldom") {
        run_blocking([]() -> task<> {
            const auto began = std::chrono::steady_clock::now();
            process_pool pool({.workers = 1, .min_workers = 1, .initialise = [] { ::_exit(0); }});
            for (;;) {
                const auto stats = co_await pool.stats();
                if (stats.started >= 8) break;
                co_await sleep_for(1ms);
            }
            // 20, 40, 80, 160, 320, 640 and 1280 ms lie between them, whatever the machine is like.
            CHECK(std::chrono::steady_clock::now() - began >= 2500ms);
            // A call need not wait as long: it is worth some tries at once.
            const auto before = (co_await pool.stats()).started;
            CHECK_THROWS_AS(co_await pool.run(pid), pool_failed);
            const auto after = (co_await pool.stats()).started;
            CHECK(after - before >= 4);  // one may have been on its way
            CHECK(after - before <= 5);
        }());
    }

    TEST_CASE(
        "a pool that is closed with a deadline is terminated by it: what runs is cancelled, and no worker is left") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .grace = 1ms});
            co_await pool.run(pid);
            auto running = pool.submit(waits_for_ever);
            auto queued = pool.submit(square, 2);
            co_await checkpoint();
            CHECK_THROWS_AS(co_await fail_after(20ms, pool.close()), timed_out);
            CHECK(has_no_child());
            CHECK_THROWS_AS(co_await std::move(running), cancelled);
            CHECK_THROWS_AS(co_await std::move(queued), cancelled);
            CHECK_THROWS_AS(co_await pool.run(square, 1), closed);
        }());
    }

    TEST_CASE("a call that is cancelled before it is awaited ends at once, and never runs") {
        run_counter counter(1);
        run_blocking([](run_counter& c) -> task<> {
            process_pool pool({.workers = 1});
            auto job = pool.submit(runs, c.path());
            job.cancel();
            CHECK_THROWS_AS(co_await std::move(job), cancelled);
            bool refused = false;
            co_await with_task_group([&](task_group& g) -> task<> {
                g.start(
                    [](process_pool& p, const std::string& path, bool& thrown) -> task<> {
                        try {
                            co_await sleep_for(1h);
                        } catch (const cancelled&) {
                        }
                        try {
                            co_await p.run(runs, path);
                        } catch (const cancelled&) {
                            thrown = true;
                            throw;
                        }
                    },
                    std::ref(pool), std::cref(c.path()), std::ref(refused));
                co_await checkpoint();
                g.cancel();
            });
            CHECK(refused);
            CHECK(co_await pool.run(square, 3) == 9);
        }(counter));
        CHECK(counter.runs_of(0) == 0);
    }

    TEST_CASE("whatever a pool has open, here and in its workers, is closed on exec") {
        run_blocking([]() -> task<> {
            const auto before = open_for_others();  // of whoever started this program
            process_pool pool({.workers = 2, .min_workers = 2});
            CHECK(co_await pool.run(open_for_others) == std::vector<std::string>());
            CHECK(open_for_others() == before);
        }());
    }
}
