#include <braid/core/task.hpp>

#include <braid/core/deadline.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>
#include <braid/core/use_task.hpp>
#include <braid/core/when_all.hpp>
#include <braid/core/when_any.hpp>

#include <boost/asio/steady_timer.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>

using namespace braid;
using namespace std::chrono_literals;

namespace {

task<int> give(int value) { co_return value; }
task<int> chain(int depth) {
    if (depth == 0) co_return 0;
    const int below = co_await chain(depth - 1);
    co_return 1 + below;
}
task<int> chain_that_waits(int depth) {
    if (depth == 0) {
        co_await checkpoint();
        co_return 0;
    }
    const int below = co_await chain_that_waits(depth - 1);
    co_return 1 + below;
}
task<int> chain_that_throws(int depth) {
    if (depth == 0) throw std::runtime_error("bottom");
    co_return co_await chain_that_throws(depth - 1);
}

}  // namespace

TEST_SUITE("core/task") {
    TEST_CASE("a task gives the value that its coroutine returned") { CHECK(run_blocking(give(7)) == 7); }

    TEST_CASE("a task is lazy: dropped, it never ran") {
        bool ran = false;
        {
            auto work = [](bool& flag) -> task<> {
                flag = true;
                co_return;
            };
            auto dropped = work(ran);
        }
        CHECK_FALSE(ran);
    }

    TEST_CASE("a task gives references and move-only values") {
        int original = 1;
        auto reference = [](int& x) -> task<int&> { co_return x; };
        auto owner = []() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(5); };
        run_blocking([](auto& ref, auto& own, int& x) -> task<> {
            int& same = co_await ref(x);
            same = 2;
            auto p = co_await own();
            CHECK(*p == 5);
        }(reference, owner, original));
        CHECK(original == 2);
    }

    TEST_CASE("an exception arrives where the task is awaited") {
        CHECK_THROWS_WITH_AS(run_blocking(chain_that_throws(10)), "bottom", std::runtime_error);
    }

    TEST_CASE("a million awaits one after the other do not grow the stack") {
        auto many = []() -> task<long> {
            long sum = 0;
            for (int i = 0; i < 1'000'000; ++i) sum += co_await give(1);
            co_return sum;
        };
        CHECK(run_blocking(many()) == 1'000'000);
    }

    TEST_CASE("a chain of 100,000 awaits does not overflow the stack, whether it suspends or not") {
        CHECK(run_blocking(chain(100'000)) == 100'000);
        CHECK(run_blocking(chain_that_waits(100'000)) == 100'000);
    }

    TEST_CASE("run_blocking inside a coroutine is an error instead of a stopped loop") {
        auto bad = []() -> task<int> { co_return run_blocking(give(1)); };
        CHECK_THROWS_AS(run_blocking(bad()), usage_error);
    }
}

TEST_SUITE("core/use_task") {
    TEST_CASE("an Asio operation is awaited in a task") {
        run_blocking([]() -> task<> {
            boost::asio::steady_timer timer(detail::this_driver.current->executor(), 1ms);
            co_await timer.async_wait(use_task);
        }());
    }

    TEST_CASE("a deadline stops an Asio operation") {
        run_blocking([]() -> task<> {
            boost::asio::steady_timer timer(detail::this_driver.current->executor(), 1h);
            CHECK_THROWS_AS(co_await fail_after(1ms, timer.async_wait(use_task)), timed_out);
            CHECK_FALSE(co_await move_on_after(1ms, timer.async_wait(use_task)));
        }());
    }

    TEST_CASE("an error of an Asio operation is thrown as a system error") {
        run_blocking([]() -> task<> {
            boost::asio::steady_timer timer(detail::this_driver.current->executor(), 1h);
            bool thrown = false;
            co_await when_all(
                [](auto& t, bool& flag) -> task<> {
                    try {
                        co_await t.async_wait(use_task);
                    } catch (const boost::system::system_error& e) {
                        flag = e.code() == boost::asio::error::operation_aborted;
                    }
                }(timer, thrown),
                [](auto& t) -> task<> {
                    co_await checkpoint();
                    t.cancel();
                }(timer));
            CHECK(thrown);
        }());
    }
}

TEST_SUITE("core/task_group") {
    TEST_CASE("the block ends after its children") {
        int ended = 0;
        run_blocking([](int& n) -> task<> {
            co_await with_task_group([&](task_group& g) -> task<> {
                for (int i = 0; i < 100; ++i) {
                    g.start(
                        [](int& m) -> task<> {
                            co_await checkpoint();
                            ++m;
                        },
                        std::ref(n));
                }
                co_return;
            });
            CHECK(n == 100);
        }(ended));
        CHECK(ended == 100);
    }

    TEST_CASE("the first failure cancels the siblings and is rethrown after they have unwound") {
        std::string log;
        run_blocking([](std::string& l) -> task<> {
            try {
                co_await with_task_group([&](task_group& g) -> task<> {
                    g.start(
                        [](std::string& s) -> task<> {
                            try {
                                co_await sleep_for(1h);
                            } catch (const cancelled& c) {
                                s += std::string(to_string(c.reason()));
                                throw;
                            }
                        },
                        std::ref(l));
                    g.start([]() -> task<> {
                        co_await checkpoint();
                        throw std::runtime_error("first");
                    });
                    co_return;
                });
            } catch (const std::runtime_error& e) {
                l += ", ";
                l += e.what();
            }
        }(log));
        CHECK(log == "sibling failed, first");
    }

    TEST_CASE("a cancelled block stays cancelled: each later await throws again") {
        int thrown = 0;
        run_blocking([](int& n) -> task<> {
            co_await with_task_group([&](task_group& g) -> task<> {
                g.cancel();
                for (int i = 0; i < 3; ++i) {
                    try {
                        co_await sleep_for(0ms);
                    } catch (const cancelled&) {
                        ++n;
                    }
                }
            });
        }(thrown));
        CHECK(thrown == 3);
    }
}

TEST_SUITE("core/when") {
    TEST_CASE("when_all gives all values in order") {
        run_blocking([]() -> task<> {
            auto [a, b, c] = co_await when_all(give(1), give(2), sleep_for(1ms));
            CHECK(a == 1);
            CHECK(b == 2);
            std::vector<task<int>> many;
            for (int i = 0; i < 10; ++i) many.push_back(give(i));
            const std::vector<int> values = co_await when_all(std::move(many));
            CHECK(values.size() == 10);
            for (int i = 0; i < 10; ++i) CHECK(values[static_cast<std::size_t>(i)] == i);
        }());
    }

    TEST_CASE("when_any stops the losers and keeps a value that a loser already has") {
        run_blocking([]() -> task<> {
            auto race = co_await when_any(sleep_for(1h), give(4), give(5));
            CHECK(race.winner == 1);
            CHECK_FALSE(race.has<0>());
            CHECK(race.get<1>() == 4);
            CHECK(race.get<2>() == 5);
        }());
    }
}

TEST_SUITE("core/sleep") {
    TEST_CASE("a cancelled sleep without end does not keep the loop running, also when other timers fired meanwhile") {
        bool woken = false;
        run_blocking([](bool& w) -> task<> {
            auto race = co_await when_any(sleep_until(time_point::max()), sleep_for(1ms));
            w = race.winner == 1;
        }(woken));
        CHECK(woken);
    }
}

TEST_SUITE("core/deadline") {
    TEST_CASE("work that ends in time gives its value") {
        run_blocking([]() -> task<> {
            CHECK(co_await fail_after(1h, give(3)) == 3);
            CHECK(*co_await move_on_after(1h, give(3)) == 3);
        }());
    }

    TEST_CASE("of nested deadlines the earlier one wins, whichever is outside") {
        run_blocking([]() -> task<> {
            CHECK_FALSE(co_await move_on_after(1ms, fail_after(1h, sleep_for(1h))));
            CHECK_THROWS_AS(co_await fail_after(1h, fail_after(1ms, sleep_for(1h))), timed_out);
        }());
    }
}
