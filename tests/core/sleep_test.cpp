#include <braid/core/sleep.hpp>

#include <braid/core/spawn.hpp>
#include <braid/core/when_any.hpp>
#include <braid/core/task_group.hpp>

#include <braid/testing/co_test_case.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <string>

using namespace braid;
using namespace std::chrono_literals;

TEST_SUITE("core/sleep") {
    CO_TEST_CASE_SHUFFLED("those who sleep wake in the order of their times, and not before") {
        std::string order;
        const auto begin = detail::now();
        co_await with_task_group([&](task_group& g) -> task<> {
            for (const int time : {3, 1, 2}) {
                g.start(
                    [](std::string& o, int t) -> task<> {
                        co_await sleep_for(std::chrono::milliseconds(t));
                        o += std::to_string(t);
                    },
                    std::ref(order), time);
            }
            co_return;
        });
        CHECK(order == "123");
        CHECK(detail::now() - begin == 3ms);
    }

    CO_TEST_CASE("a sleep that is over at once still lets others run") {
        std::string order;
        co_await with_task_group([&](task_group& g) -> task<> {
            g.start(
                [](std::string& o) -> task<> {
                    o += "a";
                    co_return;
                },
                std::ref(order));
            co_await sleep_for(-1s);
            order += "b";
        });
        CHECK(order == "ab");
    }

    TEST_CASE("timers that fall due while hundreds are ready lose nobody") {
        run_blocking([]() -> task<> {
            int woken = 0;
            bool over = false;
            co_await with_task_group([&](task_group& g) -> task<> {
                for (int i = 0; i < 1000; ++i) {
                    g.start(
                        [](const bool& end) -> task<> {
                            while (!end) co_await checkpoint();
                        },
                        std::ref(over));
                }
                // Each arms the loop's timer anew, for an earlier time, while the last expiry may be on its way.
                for (int i = 0; i < 300; ++i) {
                    g.start(
                        [](int& n, int index) -> task<> {
                            for (int k = 0; k < index % 7; ++k) co_await checkpoint();
                            co_await sleep_for(std::chrono::microseconds(3000 - 10 * index));
                            co_await sleep_for(std::chrono::microseconds(index % 5));
                            ++n;
                        },
                        std::ref(woken), i);
                }
                while (woken != 300) co_await checkpoint();
                over = true;
            });
            CHECK(woken == 300);
        }());
    }

    TEST_CASE("a cancelled sleep without end does not keep the loop running, also when other timers fired meanwhile") {
        bool woken = false;
        run_blocking([](bool& w) -> task<> {
            auto race = co_await when_any(sleep_until(time_point::max()), sleep_for(1ms));
            w = race.winner == 1;
        }(woken));
        CHECK(woken);
    }
}
