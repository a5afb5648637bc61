// Pools whose two sides look out for each other: the same promises as those of any pool, on another way.

#include <braid/process/process_pool.hpp>

#include "support/deaths.hpp"
#include "support/gate.hpp"
#include "support/hostile.hpp"
#include "support/leftovers.hpp"
#include "support/loop_thread.hpp"
#include "support/on_one_cpu.hpp"
#include "support/sanitized.hpp"

#include <braid/core/deadline.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>
#include <braid/thread/start_on.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <functional>
#include <limits>
#include <ranges>
#include <stdexcept>
#include <string>

#include <unistd.h>

using namespace braid;
using namespace braid::testing;
using namespace std::chrono_literals;

namespace {

// What the workers run.
int square(int x) { return x * x; }
int pid() { return ::getpid(); }
std::string echo(const std::string& text) { return text; }
std::string of_length(std::size_t size) { return std::string(size, 'y'); }
std::size_t length_of(const std::string& text) { return text.size(); }
void nothing() {}
void fails() { throw std::out_of_range("on purpose"); }
void dies() { ::raise(SIGKILL); }
void hangs() {
    for (;;) ::pause();
}
void comes_and_hangs(const std::string& where) {
    gate::pass(where);
    hangs();
}
void comes_and_answers_a_stop(const std::string& where) {
    gate::pass(where);
    while (!stop_requested()) {
    }
}

void claims_to_have_said(std::int64_t more) {
    hostile().header().replies.committed += static_cast<std::uint64_t>(more);
}
void claims_to_have_read(std::int64_t more) { hostile().header().requests.taken += static_cast<std::uint64_t>(more); }
void rings_for_nothing() {
    for (int i = 0; i < 100'000; ++i) hostile::write_to_pipe(std::vector<std::byte>(1));
}

/// The letter that /proc shows.
char state_of(int process) {
    std::ifstream file("/proc/" + std::to_string(process) + "/stat");
    std::string line;
    std::getline(file, line);
    return line.at(line.rfind(')') + 2);
}

task<> fall_asleep(int worker) {
    while (state_of(worker) != 'S') co_await sleep_for(1ms);
}

task<> call_many(process_pool& pool, int calls, std::size_t size) {
    for (int i = 0; i < calls; ++i) {
        CHECK(co_await pool.run(square, i) == i * i);
        const std::string text(size, static_cast<char>('a' + i % 20));
        const std::string back = co_await pool.run(echo, text);
        CHECK((back == text));
    }
}

}  // namespace

TEST_SUITE("process/process_pool that spins") {
    TEST_CASE("a pool that spins gives values and errors as any other, and ends without leaving anything") {
        const belongings before;
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2, .initialise = nothing, .spin = 100us});
            CHECK(co_await pool.run(square, 12) == 144);
            CHECK_THROWS_AS(co_await pool.run(fails), std::out_of_range);
            CHECK((co_await pool.run(echo, std::string("text"))) == "text");
            co_await pool.close();
        }());
        CHECK(has_no_child());
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2, .spin = 100us});
            CHECK(co_await pool.run(square, 12) == 144);
        }());
        CHECK(has_no_child());
        CHECK(belongings().descriptors == before.descriptors);
    }

    TEST_CASE("thousands of calls at once that spin get each its own result, whatever their sizes") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2, .spin = 100us});
            co_await with_task_group([&](task_group& g) -> task<> {
                for (std::size_t i = 0; i < 100; ++i) g.start(call_many, std::ref(pool), 20, i % 10 == 0 ? 20'000 : i);
                co_return;
            });
            co_await pool.close();
        }());
    }

    TEST_CASE("what is larger than both rings passes through them, both ways at once") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .spin = 100us});
            co_await with_task_group([&](task_group& g) -> task<> {
                for (int i = 0; i < 4; ++i) g.start(call_many, std::ref(pool), 5, std::size_t{1'400'000});
                co_return;
            });
            CHECK((co_await pool.run(of_length, std::size_t{700'001})).size() == 700'001);
        }());
    }

    TEST_CASE("a worker and a parent that fell asleep are woken") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .spin = 100us});
            const int worker = co_await pool.run(pid);
            for (int i = 0; i < 20; ++i) {
                co_await fall_asleep(worker);
                CHECK(co_await pool.run(square, i) == i * i);
            }
            co_await pool.run([] { ::usleep(50'000); });  // the parent has long given up looking
            CHECK(co_await pool.run(pid) == worker);
        }());
    }

    TEST_CASE("a pool that spins works on a thread of a pool, and for callers on several loops") {
        run_blocking([]() -> task<> {
            thread_pool threads({.threads = 2});
            co_await start_on(threads, []() -> task<> {
                process_pool pool({.workers = 1, .spin = 100us});
                co_await call_many(pool, 200, 100);
                co_await pool.close();
            });
        }());
        braid_test::loop_thread loop;
        process_pool pool(loop.executor(), {.workers = 2, .spin = 100us});
        std::vector<std::thread> callers;
        for (int i = 0; i < 3; ++i) callers.emplace_back([&] { run_blocking(call_many(pool, 200, 100)); });
        for (auto& caller : callers) caller.join();
        run_blocking(pool.close());
    }

    TEST_CASE("maps in a pool that spins keep their order, with items of all sizes") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2, .spin = 100us});
            const auto values = co_await pool.map(square, std::views::iota(0, 30'000)).collect();
            CHECK(values.size() == 30'000);
            for (int i = 0; i < 30'000; ++i) {
                if (values[static_cast<std::size_t>(i)] != i * i) CHECK(values[static_cast<std::size_t>(i)] == i * i);
            }
            const std::vector<std::size_t> sizes{1, 300'000, 2, 3, 900'000, 50'000, 50'000, 50'000, 50'000, 50'000};
            const auto texts = co_await pool.map(of_length, sizes).collect();
            CHECK(texts.size() == sizes.size());
            for (std::size_t i = 0; i < sizes.size(); ++i) CHECK(texts[i].size() == sizes[i]);
        }());
    }

    TEST_CASE("the death of a worker that spins costs the call that it ran, and no other") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .spin = 100us});
            int values = 0;
            int died = 0;
            co_await with_task_group([&](task_group& g) -> task<> {
                for (int i = 0; i < 200; ++i) {
                    g.start(
                        [](process_pool& p, int& v, int& d, int number) -> task<> {
                            try {
                                if (number % 50 == 25) co_await p.run(dies);
                                const int value = co_await p.run(square, number);
                                v += value == number * number;
                            } catch (const worker_died&) {
                                ++d;
                            }
                        },
                        std::ref(pool), std::ref(values), std::ref(died), i);
                }
                co_return;
            });
            CHECK(died == 4);
            CHECK(values == 196);
        }());
        CHECK(has_no_child());
    }

    TEST_CASE("calls of a pool that spins are stopped by their deadlines") {
        gate door;
        run_blocking([](gate& g) -> task<> {
            process_pool pool({.workers = 1, .grace = 10ms, .spin = 100us});
            const int first = co_await pool.run(pid);
            g.open();
            auto deaf = pool.submit(comes_and_hangs, g.path());
            co_await g.arrival();
            CHECK_THROWS_AS(co_await fail_after(30ms, std::move(deaf)), timed_out);
            CHECK(co_await pool.run(pid) != first);

            process_pool patient({.workers = 1, .grace = 10s, .spin = 100us});
            const int second = co_await patient.run(pid);
            g.open();
            auto obedient = patient.submit(comes_and_answers_a_stop, g.path());
            co_await g.arrival();
            co_await fail_after(30ms, std::move(obedient));  // a value that is there beats the deadline
            CHECK(co_await patient.run(pid) == second);
        }(door));
    }

    TEST_CASE("a worker that lies about how far a ring is breaks the protocol, and no parent") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .spin = 100us});
            for (const std::int64_t more : {std::int64_t{-1'000'000}, std::int64_t{1} << 20, std::int64_t{1} << 60,
                                            std::numeric_limits<std::int64_t>::min()}) {
                CAPTURE(more);
                const auto ended = co_await death_of(pool.run(claims_to_have_said, more));
                CHECK(ended.died);
                CHECK(ended.reason == death_reason::broke_protocol);
                // This one may have its answer before anybody looks.
                co_await death_of(pool.run(claims_to_have_read, more));
                co_await death_of(pool.run(echo, std::string(10, 'x')));
                CHECK(co_await pool.run(square, 5) == 25);
            }
            CHECK(pool.worker_pids().size() == 1);
        }());
    }

    TEST_CASE("a call is heard that was given while what is left of one that was taken back still waits for room") {
        gate door;
        run_blocking([](gate& g) -> task<> {
            // There the parent wakes between a worker's reply and the worker's next look at what else it has.
            const braid_test::on_one_cpu here;
            for (int i = 0; i < (braid_test::sanitized ? 10 : 50); ++i) {
                process_pool pool({.workers = 1, .spin = 1us, .cpus = {here.number}});
                auto first = pool.submit(gate::pass, g.path());
                auto behind = pool.submit(length_of, std::string(700'000, 'x'));
                co_await g.arrival();
                while ((co_await pool.stats()).queued == 0) co_await sleep_for(1ms);  // the first one takes too long
                g.open();
                co_await std::move(first);
                CHECK(co_await std::move(behind) == 700'000);
            }
        }(door));
    }

    TEST_CASE("bells that ring for nothing do no harm") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .spin = 100us});
            const int worker = co_await pool.run(pid);
            co_await pool.run(rings_for_nothing);
            CHECK(co_await pool.run(pid) == worker);
        }());
    }
}
