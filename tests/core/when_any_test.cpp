#include <braid/core/when_any.hpp>

#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>

#include <braid/core/deadline.hpp>

#include <doctest/doctest.h>

using namespace braid;
using namespace std::chrono_literals;

namespace {

task<int> give(int value) { co_return value; }

}  // namespace

TEST_SUITE("core/when_any") {
    TEST_CASE("when_any stops the losers and keeps a value that a loser already has") {
        run_blocking([]() -> task<> {
            auto race = co_await when_any(sleep_for(1h), give(4), give(5));
            CHECK(race.winner == 1);
            CHECK_FALSE(race.has<0>());
            CHECK(race.get<1>() == 4);
            CHECK(race.get<2>() == 5);
        }());
    }

    TEST_CASE("a winner that is there beats a cancellation from outside while the losers unwind") {
        run_blocking([]() -> task<> {
            const auto raced = co_await move_on_after(1h, [](task<int> winner) -> task<int> {
                int value = 0;
                co_await with_task_group([&](task_group& outside) -> task<> {
                    auto loser = [](task_group& g) -> task<> {
                        try {
                            co_await sleep_for(1h);
                        } catch (const cancelled& c) {
                            CHECK(c.reason() == cancel_reason::sibling_won);
                            g.cancel();
                            throw;
                        }
                    };
                    auto race = co_await when_any(std::move(winner), loser(outside));
                    CHECK(race.winner == 0);
                    CHECK_FALSE(race.has<1>());
                    value = race.get<0>();
                });
                co_return value;
            }(give(4)));
            CHECK(raced == 4);
        }());
    }

    TEST_CASE("the first to end may fail: the others learn that a sibling failed, and the race rethrows") {
        run_blocking([]() -> task<> {
            auto failing = []() -> task<int> {
                co_await checkpoint();
                throw std::runtime_error("lost");
            };
            auto told = cancel_reason::user;
            auto other = [](cancel_reason& why) -> task<> {
                try {
                    co_await sleep_for(1h);
                } catch (const cancelled& c) {
                    why = c.reason();
                    throw;
                }
            };
            CHECK_THROWS_WITH_AS(static_cast<void>(co_await when_any(failing(), other(told))), "lost",
                                 std::runtime_error);
            CHECK(told == cancel_reason::sibling_failed);
        }());
    }

    TEST_CASE("a race of references gives the reference, a race of none is an error") {
        run_blocking([]() -> task<> {
            int x = 1;
            auto reference = [](int& to) -> task<int&> { co_return to; };
            auto race = co_await when_any(reference(x), sleep_for(1h));
            race.get<0>() = 2;
            CHECK(x == 2);
            CHECK_THROWS_AS(co_await when_any(std::vector<task<int>>()), usage_error);
        }());
    }
}
