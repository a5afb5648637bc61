#include <braid/process/process_pool.hpp>

#include "support/leftovers.hpp"
#include "support/run_counter.hpp"
#include "support/worker_killer.hpp"

#include <braid/core/deadline.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <random>
#include <stdexcept>
#include <string>

using namespace braid;
using namespace braid::testing;
using namespace std::chrono_literals;

// What the workers run.
namespace {

/// One call in so many kills its worker itself: where the machine is busy, those who kill from outside may never strike
/// a worker that is in a call.
constexpr std::size_t calls_a_suicide = 1'000;

long counted(const std::string& counter, std::size_t call) {
    run_counter::ran(counter, call);
    if (call % calls_a_suicide == 0) ::raise(SIGKILL);
    const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(call % 10 == 0 ? 100 : 0);
    while (std::chrono::steady_clock::now() < until) {  // long enough to be killed in
    }
    return static_cast<long>(call) * 3 + 1;
}

char pattern(std::size_t call, std::size_t at) { return static_cast<char>('a' + (call * 31 + at) % 26); }

std::string text_for(std::size_t call, std::size_t size) {
    std::string text(size, ' ');
    for (std::size_t i = 0; i < size; ++i) text[i] = pattern(call, i);
    return text;
}

/// Checks what it gets, and gives back text of another length that follows from the call.
std::string exchanged(const std::string& counter, std::size_t call, const std::string& text, std::size_t reply_size) {
    run_counter::ran(counter, call);
    if (text != text_for(call, text.size())) throw std::logic_error("these are not the bytes that were sent");
    return text_for(call + 1, reply_size);
}

int throwing(const std::string& counter, std::size_t call) {
    run_counter::ran(counter, call);
    throw std::out_of_range(std::to_string(call));
}

}  // namespace

namespace {

struct tally {
    std::size_t values = 0;
    std::size_t died = 0;
    std::size_t thrown = 0;
    std::size_t stopped = 0;
    std::size_t wrong = 0;

    [[nodiscard]] std::size_t all() const { return values + died + thrown + stopped + wrong; }
};

struct setting {
    process_pool& pool;
    run_counter& counter;
    worker_killer& killer;
    tally ends{};
};

/// A kill costs the one call that ran, and every call ran as often as its end says.
void check_runs(const setting& s, std::size_t calls, const std::vector<char>& outcome) {
    std::size_t unexplained = 0;
    for (std::size_t i = 0; i < calls; ++i) {
        const int runs = s.counter.runs_of(i);
        unexplained += outcome[i] == 'v' ? runs != 1 : runs > 1;
    }
    CHECK(unexplained == 0);
}

task<> count_calls(setting& s, std::vector<char>& outcome, std::size_t first, std::size_t step) {
    for (std::size_t call = first; call < outcome.size(); call += step) {
        CHECK(outcome[call] == 0);
        try {
            const long value = co_await s.pool.run(counted, s.counter.path(), call);
            outcome[call] = 'v';
            ++(value == static_cast<long>(call) * 3 + 1 ? s.ends.values : s.ends.wrong);
        } catch (const worker_died& e) {
            outcome[call] = 'd';
            ++(e.signal() == SIGKILL ? s.ends.died : s.ends.wrong);
        }
        s.killer.progress(s.pool.worker_pids());
    }
}

task<> mixed_call(setting& s, std::size_t call, std::mt19937& random, char& outcome) {
    const auto size = [&] { return random() % 8 == 0 ? random() % (1U << 20) : random() % 200; };
    const std::size_t there = size();
    const std::size_t back = size();
    switch (random() % 4) {
        case 0:
            co_await s.pool.run(throwing, s.counter.path(), call);
            ++s.ends.wrong;
            break;
        case 1: {
            const auto limit = std::chrono::microseconds(random() % 2'000);
            co_await fail_after(limit, s.pool.run(exchanged, s.counter.path(), call, text_for(call, there), back));
            outcome = 'v';
            ++s.ends.values;
            break;
        }
        default: {
            const auto text = co_await s.pool.run(exchanged, s.counter.path(), call, text_for(call, there), back);
            outcome = 'v';
            ++(text == text_for(call + 1, back) ? s.ends.values : s.ends.wrong);
        }
    }
}

task<> mixed_calls(setting& s, std::vector<char>& outcome, std::size_t first, std::size_t step) {
    std::mt19937 random(static_cast<unsigned>(first));
    for (std::size_t call = first; call < outcome.size(); call += step) {
        char how = 't';
        try {
            co_await mixed_call(s, call, random, outcome[call]);
            how = outcome[call];
        } catch (const std::out_of_range& e) {
            ++(e.what() == std::to_string(call) ? s.ends.thrown : s.ends.wrong);
        } catch (const worker_died& e) {
            ++(e.signal() == SIGKILL ? s.ends.died : s.ends.wrong);
        } catch (const timed_out&) {
            ++s.ends.stopped;
        } catch (const cancelled&) {
            ++s.ends.stopped;
            outcome[call] = 's';
            for (std::size_t rest = call + step; rest < outcome.size(); rest += step) {
                ++s.ends.stopped;  // the group was cancelled: none of the others begins
                outcome[rest] = 's';
            }
            throw;
        }
        outcome[call] = how;
        s.killer.progress(s.pool.worker_pids());
    }
}

}  // namespace

TEST_SUITE("process/process_pool under random kills") {
    TEST_CASE("of 100,000 calls whose workers are killed at random, each ends once: right, or as worker_died") {
        run_blocking([]() -> task<> {
            process_pool warm({.workers = 1});
            co_await warm.run([] {});
        }());
        static constexpr std::size_t calls = 100'000;
        static constexpr std::size_t at_once = 500;
        run_counter counter(calls);
        const belongings before;
        {
            worker_killer killer(20'240'607, 250);
            run_blocking([](run_counter& c, worker_killer& k) -> task<> {
                process_pool pool({.workers = 3});
                setting s{pool, c, k};
                std::vector<char> outcome(calls);
                co_await with_task_group([&](task_group& g) -> task<> {
                    for (std::size_t i = 0; i < at_once; ++i) {
                        g.start(count_calls, std::ref(s), std::ref(outcome), i, at_once);
                    }
                    co_return;
                });
                k.stop();
                co_await pool.close();
                CHECK(s.ends.values + s.ends.died == calls);
                CHECK(s.ends.wrong == 0);
                CHECK(k.kills() > 100);
                CHECK(s.ends.died <= k.kills() + calls / calls_a_suicide);
                CHECK(s.ends.died >= calls / calls_a_suicide);
                MESSAGE(k.kills(), " kills, ", s.ends.died, " calls died");
                check_runs(s, calls, outcome);
            }(counter, killer));
        }
        CHECK(has_no_child());
        CHECK(belongings() == before);
    }

    TEST_CASE("calls of all sizes, throwing, timed out and cancelled under random kills: each ends once, in its way") {
        const belongings before;
        for (const std::uint32_t seed : {1U, 2U, 3U, 4U}) {
            static constexpr std::size_t calls = 3'000;
            static constexpr std::size_t at_once = 64;
            run_counter counter(calls);
            worker_killer killer(seed, 50);
            run_blocking([](run_counter& c, worker_killer& k, bool cut_short) -> task<> {
                process_pool pool({.workers = 3, .grace = 5ms});
                setting s{pool, c, k};
                std::vector<char> outcome(calls);
                co_await with_task_group([&](task_group& g) -> task<> {
                    for (std::size_t i = 0; i < at_once; ++i) {
                        g.start(mixed_calls, std::ref(s), std::ref(outcome), i, at_once);
                    }
                    while (cut_short && s.ends.all() < calls / 2) co_await sleep_for(1ms);
                    if (cut_short) g.cancel();
                });
                k.stop();
                CHECK(s.ends.all() == calls);
                CHECK(s.ends.wrong == 0);
                CHECK(s.ends.thrown > 0);
                CHECK(s.ends.stopped > 0);
                CHECK(s.ends.died <= k.kills());
                MESSAGE(k.kills(), " kills: ", s.ends.values, " values, ", s.ends.died, " died, ", s.ends.thrown,
                        " thrown, ", s.ends.stopped, " stopped");
                check_runs(s, calls, outcome);
                CHECK(co_await pool.run([] { return 7; }) == 7);
            }(counter, killer, seed % 2 == 0));
        }
        CHECK(has_no_child());
        CHECK(belongings() == before);
    }
}
