#include <braid/process/on_process.hpp>
#include <braid/process/process_pool.hpp>

#include "support/gate.hpp"

#include <braid/core/deadline.hpp>
#include <braid/core/worker_pool.hpp>
#include <braid/thread/thread_pool.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>
#include <braid/core/when_all.hpp>

#include <boost/asio/executor_work_guard.hpp>

#include <doctest/doctest.h>

#include <csignal>
#include <cstdlib>
#include <map>
#include <ranges>
#include <tuple>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace braid;
using namespace std::chrono_literals;

static_assert(worker_pool<process_pool> && worker_pool<thread_pool>, "the type can be swapped");

// What the workers run.
namespace {

struct person {
    std::string name;
    std::vector<int> numbers;
    std::map<std::string, std::vector<std::string>> tags;
    bool operator==(const person&) const = default;
};

int square(int x) { return x * x; }
person older(person p) {
    p.name += " senior";
    for (int& n : p.numbers) ++n;
    return p;
}
std::unique_ptr<int> boxed(std::unique_ptr<int> p) {
    *p += 1;
    return p;
}
void nothing() {}
int throws(int) { throw std::out_of_range("no such index"); }
int crashes() {
    std::signal(SIGSEGV, SIG_DFL);  // sanitizers install handlers of their own
    std::raise(SIGSEGV);
    return 0;
}
int exits(int code) { ::_exit(code); }
int pid() { return ::getpid(); }
int hangs() {
    for (;;) ::pause();
}
int comes_and_hangs(const std::string& path) {
    testing::gate::pass(path);
    return hangs();
}
task<int> waits_and_squares(int x) {
    co_await sleep_for(1ms);
    co_return x* x;
}
task<> waits_long() { co_await sleep_for(1h); }
void until_asked_to_stop() {
    while (!stop_requested()) {
    }
    throw cancelled(cancel_reason::user);
}
std::string big(std::size_t n) { return std::string(n, 'x'); }

}  // namespace

TEST_SUITE("process/process_pool: submit and map") {
    TEST_CASE("a job has started: it is awaited, or cancelled, later") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2, .grace = 10ms});
            auto first = pool.submit(square, 7);
            auto second = pool.submit(hangs);
            CHECK(co_await first == 49);
            second.cancel();
            CHECK_THROWS_AS(co_await second, cancelled);
        }());
    }

    TEST_CASE("a plain thread submits and waits") {
        boost::asio::io_context context;
        auto work = boost::asio::make_work_guard(context);
        process_pool pool(context.get_executor(), {.workers = 1});
        std::thread loop([&] { context.run(); });
        CHECK(pool.submit(square, 8).get_blocking() == 64);
        work.reset();
        loop.join();
    }

    TEST_CASE("map gives the results in the order of the items, whatever the calls take") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2});
            std::vector<int> items(1000);
            for (int i = 0; i < 1000; ++i) items[static_cast<std::size_t>(i)] = i;
            const std::vector<int> squares = co_await pool.map(square, items).collect();
            REQUIRE(squares.size() == 1000);
            for (int i = 0; i < 1000; ++i) CHECK(squares[static_cast<std::size_t>(i)] == i * i);
        }());
    }

    TEST_CASE("map of nothing is empty, tuples are spread, and an endless source is left when one has enough") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2});
            CHECK((co_await pool.map(square, std::vector<int>()).collect()).empty());
            std::vector<std::tuple<int, int>> pairs;
            pairs.emplace_back(2, 3);
            pairs.emplace_back(4, 5);
            const std::vector<int> products = co_await pool.map([](int a, int b) { return a * b; }, pairs).collect();
            CHECK(products == std::vector<int>{6, 20});
            auto endless = pool.map_unordered(square, std::views::iota(1));
            int seen = 0;
            while (seen < 10 && co_await endless.next()) ++seen;
            CHECK(seen == 10);
        }());
    }

    TEST_CASE("on_process needs nothing to be set up") {
        run_blocking([]() -> task<> {
            CHECK(co_await on_process(square, 9) == 81);
            CHECK(co_await on_process<square>(10) == 100);
        }());
    }

    TEST_CASE("a function that returns a task is run to its end in the worker") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            CHECK(co_await pool.run(waits_and_squares, 5) == 25);
        }());
    }

    TEST_CASE("a call that obeys its stop token leaves its worker alive") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            const int before = co_await pool.run(pid);
            CHECK_THROWS_AS(co_await fail_after(20ms, pool.run(until_asked_to_stop)), timed_out);
            CHECK_FALSE(co_await move_on_after(20ms, pool.run(waits_long)));
            CHECK(co_await pool.run(pid) == before);
        }());
    }
}

TEST_SUITE("process/process_pool") {
    TEST_CASE("a call gives back its value from another process") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2});
            CHECK(co_await pool.run(square, 12) == 144);
            CHECK(co_await pool.run([](int a, int b) { return a + b; }, 1, 2) == 3);
            const int where = co_await pool.run(pid);
            CHECK(where != ::getpid());
            co_await pool.run(nothing);
            co_await pool.close();
        }());
    }

    TEST_CASE("structs with strings, containers and move-only values travel without a line of serialisation code") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            person p;
            p.name = "Ada";
            p.numbers = {1, 2, 3};
            p.tags["field"] = {"mathematics"};
            const person q = co_await pool.run(older, p);
            CHECK(q.name == "Ada senior");
            CHECK(q.numbers == std::vector<int>{2, 3, 4});
            CHECK(q.tags == p.tags);
            auto box = co_await pool.run(boxed, std::make_unique<int>(41));
            CHECK(*box == 42);
        }());
    }

    TEST_CASE("a throw in a worker arrives with its type, its message and where it came from") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            bool caught = false;
            try {
                co_await pool.run(throws, 1);
            } catch (const std::out_of_range& e) {
                caught = true;
                CHECK(std::string(e.what()) == "no such index");
                const auto* origin = dynamic_cast<const wire::remote_origin*>(&e);
                REQUIRE(origin);
                CHECK(origin->pid() != ::getpid());
                CHECK(origin->call().find("throws(int)") != std::string::npos);
            }
            CHECK(caught);
        }());
    }

    TEST_CASE("a crash is worker_died on the one call, and everything else goes on") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2});
            bool died = false;
            try {
                co_await pool.run(crashes);
            } catch (const worker_died& e) {
                died = e.signal() == SIGSEGV;
            }
            CHECK(died);
            bool exited = false;
            try {
                co_await pool.run(exits, 42);
            } catch (const worker_died& e) {
                exited = e.exit_code() == 42;
            }
            CHECK(exited);
            CHECK(co_await pool.run(square, 3) == 9);
        }());
    }

    TEST_CASE("of many calls at once, each ends with its own value") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2});
            long sum = 0;
            co_await with_task_group([&](task_group& g) -> task<> {
                for (int i = 0; i < 10'000; ++i) {
                    g.start(
                        [](process_pool& p, long& s, int x) -> task<> {
                            const int y = co_await p.run(square, x % 100);
                            if (y == (x % 100) * (x % 100)) ++s;
                        },
                        std::ref(pool), std::ref(sum), i);
                }
                co_return;
            });
            CHECK(sum == 10'000);
            co_await pool.close();
        }());
    }

    TEST_CASE("a call past its deadline: its process is gone, and the next call runs") {
        testing::gate door;
        run_blocking([](testing::gate& g) -> task<> {
            process_pool pool({.workers = 1, .grace = 10ms});
            const int before = co_await pool.run(pid);
            g.open();
            auto hanging = pool.submit(comes_and_hangs, g.path());
            co_await g.arrival();
            CHECK_THROWS_AS(co_await fail_after(20ms, std::move(hanging)), timed_out);
            CHECK(::kill(before, 0) == -1);
            CHECK(co_await pool.run(square, 5) == 25);
        }(door));
    }

    TEST_CASE("calls queued behind a crash run elsewhere") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            int good = 0;
            int dead = 0;
            co_await with_task_group([&](task_group& g) -> task<> {
                for (int i = 0; i < 300; ++i) {
                    g.start(
                        [](process_pool& p, int& ok, int& lost, int x) -> task<> {
                            try {
                                if (x % 100 == 50) {
                                    co_await p.run(crashes);
                                } else {
                                    co_await p.run(square, x);
                                    ++ok;
                                }
                            } catch (const worker_died&) {
                                ++lost;
                            }
                        },
                        std::ref(pool), std::ref(good), std::ref(dead), i);
                }
                co_return;
            });
            CHECK(good == 297);
            CHECK(dead == 3);
        }());
    }

    TEST_CASE("a result larger than every buffer arrives whole") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            const std::string s = co_await pool.run(big, std::size_t{20} << 20);
            CHECK(s.size() == std::size_t{20} << 20);
            const std::size_t n = co_await pool.run([](const std::string& x) { return x.size(); }, s);
            CHECK(n == s.size());
        }());
    }

    TEST_CASE("close finishes what is queued and refuses what comes later, twice does no harm") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2});
            auto fifty = [](process_pool& p) -> task<int> {
                std::vector<task<int>> calls;
                for (int i = 0; i < 50; ++i)
                    calls.push_back(
                        [](process_pool& q, int x) -> task<int> { co_return co_await q.run(square, x); }(p, i));
                const auto values = co_await when_all(std::move(calls));
                co_return static_cast<int>(values.size());
            };
            auto [n, closed_] = co_await when_all(fifty(pool), [](process_pool& p) -> task<> {
                co_await checkpoint();
                co_await p.close();
            }(pool));
            CHECK(n == 50);
            CHECK_THROWS_AS(co_await pool.run(square, 1), closed);
            co_await pool.close();
        }());
    }

    TEST_CASE("terminate ends thousands of long calls at once, as cancelled by shutdown") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2});
            co_await when_all(pool.run(pid), pool.run(pid));
            int ended = 0;
            co_await with_task_group([&](task_group& g) -> task<> {
                for (int i = 0; i < 10'000; ++i) {
                    g.start(
                        [](process_pool& p, int& n) -> task<> {
                            try {
                                co_await p.run(hangs);
                            } catch (const cancelled& c) {
                                if (c.reason() == cancel_reason::shutdown) ++n;
                            }
                        },
                        std::ref(pool), std::ref(ended));
                }
                co_await checkpoint();  // all are queued, the first ones given to the workers
                co_await checkpoint();
                pool.terminate();
            });
            CHECK(ended == 10'000);
        }());
    }

    TEST_CASE("a pool outside of a coroutine is destroyed by waiting for its workers") {
        boost::asio::io_context context;
        int worker = 0;
        {
            process_pool pool(context.get_executor(), {.workers = 1});
            spawn(
                context, [](process_pool& p) -> task<int> { co_return co_await p.run(pid); }(pool),
                [&](std::exception_ptr, int value) { worker = value; });
            context.run();  // ends although the pool and its worker are still there
            CHECK(worker > 0);
            CHECK(::kill(worker, 0) == 0);
        }
        CHECK(::kill(worker, 0) == -1);
    }

    TEST_CASE("impossible options are refused at once") {
        boost::asio::io_context context;
        CHECK_THROWS_AS(process_pool(context.get_executor(), {.workers = 0}), usage_error);
        CHECK_THROWS_AS(process_pool(context.get_executor(), {.workers = -3}), usage_error);
        CHECK_THROWS_AS(process_pool({.workers = 1}), usage_error);
    }
}
