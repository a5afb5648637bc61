#include <braid/flow/map_concurrent.hpp>

#include <braid/core/deadline.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>

#include <braid/testing/co_test_case.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <ranges>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

using namespace braid;
using namespace std::chrono_literals;

namespace {

/// How many calls run at once.
struct crowd {
    int now = 0;
    int most = 0;
};

class inside {
public:
    explicit inside(crowd& c) : crowd_(c) { crowd_.most = std::max(crowd_.most, ++crowd_.now); }
    inside(const inside&) = delete;
    inside& operator=(const inside&) = delete;
    ~inside() { --crowd_.now; }

private:
    crowd& crowd_;
};

/// The later items are done first.
task<int> later_is_faster(int n) {
    for (int i = n; i < 20; ++i) co_await checkpoint();
    co_return n;
}

}  // namespace

TEST_SUITE("flow/map_concurrent") {
    TEST_CASE("results come in the order of the items, or, unordered, as they are ready, none is lost") {
        run_blocking([]() -> task<> {
            auto items = std::views::iota(0, 20);
            const auto ordered = co_await map_concurrent(4, items, later_is_faster).collect();
            CHECK(std::ranges::equal(ordered, items));
            auto unordered = co_await map_concurrent_unordered(4, items, later_is_faster).collect();
            CHECK_FALSE(std::ranges::equal(unordered, items));
            std::ranges::sort(unordered);
            CHECK(std::ranges::equal(unordered, items));
        }());
    }

    TEST_CASE("never more than the limit run, for limits of one, n and more than n") {
        for (const std::size_t limit : {1UL, 5UL, 100UL}) {
            crowd calls;
            run_blocking([](std::size_t most, crowd& c) -> task<> {
                auto items = std::views::iota(0, 20);
                auto work = [&c](int n) -> task<int> {
                    const inside here(c);
                    co_await checkpoint();
                    co_return n;
                };
                const auto ordered = co_await map_concurrent(most, items, work).collect();
                CHECK(std::ranges::equal(ordered, items));
                const auto unordered = co_await map_concurrent_unordered(most, items, work).collect();
                CHECK(unordered.size() == 20);
            }(limit, calls));
            CHECK(calls.most == static_cast<int>(std::min<std::size_t>(limit, 20)));
            CHECK(calls.now == 0);
        }
    }

    TEST_CASE("of an endless range no more than the limit is taken ahead, and nothing is left running") {
        crowd calls;
        int taken = 0;
        run_blocking([](crowd& c, int& pulled) -> task<> {
            co_await with_task_group([&](task_group&) -> task<> {
                auto endless = std::views::iota(0) | std::views::transform([&pulled](int n) {
                                   ++pulled;
                                   return n;
                               });
                auto results = map_concurrent(3, endless, [&c](int n) -> task<int> {
                    const inside here(c);
                    if (n > 1) co_await sleep_for(1h);
                    co_return n;
                });
                CHECK(pulled == 0);
                const auto first = co_await results.next();
                const auto second = co_await results.next();
                CHECK(first == 0);
                CHECK(second == 1);
            });
        }(calls, taken));
        CHECK(taken == 4);
        CHECK(calls.now == 0);
    }

    TEST_CASE("a limit of zero is an error at once, an empty range an empty stream") {
        CHECK_THROWS_AS(static_cast<void>(map_concurrent(0, std::vector<int>{1}, later_is_faster)), usage_error);
        CHECK_THROWS_AS(static_cast<void>(map_concurrent_unordered(0, std::vector<int>{1}, later_is_faster)),
                        usage_error);
        run_blocking([]() -> task<> {
            const auto none = co_await map_concurrent(2, std::vector<int>(), later_is_faster).collect();
            CHECK(none.empty());
        }());
    }

    TEST_CASE("a tuple is spread over the parameters, a literal becomes the string that is asked for") {
        run_blocking([]() -> task<> {
            std::vector<std::tuple<const char*, int>> items;
            items.emplace_back("a literal that is too long for a small string", 1);
            items.emplace_back("b", 2);
            auto join = [](const std::string& text, int n) -> task<std::string> {
                co_await checkpoint();
                co_return text + std::to_string(n);
            };
            const auto joined = co_await map_concurrent(2, items, join).collect();
            REQUIRE(joined.size() == 2);
            CHECK(joined[0] == "a literal that is too long for a small string1");
            CHECK(joined[1] == "b2");
        }());
    }

    TEST_CASE("calls without a value are counted") {
        run_blocking([]() -> task<> {
            int ran = 0;
            auto work = [&ran](int) -> task<> {
                co_await checkpoint();
                ++ran;
            };
            const auto done = co_await map_concurrent(2, std::views::iota(0, 5), work).collect();
            CHECK(done.size() == 5);
            CHECK(ran == 5);
        }());
    }

    TEST_CASE("a failure comes in its turn, and what still runs is cancelled") {
        run_blocking([]() -> task<> {
            crowd calls;
            co_await with_task_group([&](task_group&) -> task<> {
                auto work = [&calls](int n) -> task<int> {
                    const inside here(calls);
                    co_await checkpoint();
                    if (n == 2) throw std::runtime_error("two");
                    if (n > 2) co_await sleep_for(1h);
                    co_return n;
                };
                auto results = map_concurrent(4, std::views::iota(0, 10), work);
                for (int i = 0; i < 2; ++i) {
                    const auto value = co_await results.next();
                    CHECK(value == i);
                }
                CHECK_THROWS_WITH_AS(co_await results.next(), "two", std::runtime_error);
                const auto after = co_await results.next();
                CHECK_FALSE(after.has_value());
            });
            CHECK(calls.now == 0);
        }());
    }

    TEST_CASE("a range that throws while it is read ends the stream with that") {
        run_blocking([]() -> task<> {
            auto broken = std::views::iota(0) | std::views::transform([](int n) {
                              if (n == 3) throw std::logic_error("unreadable");
                              return n;
                          });
            CHECK_THROWS_WITH_AS(co_await map_concurrent(2, broken, later_is_faster).collect(), "unreadable",
                                 std::logic_error);
        }());
    }

    CO_TEST_CASE("the reason for which the consumer is cancelled reaches the calls") {
        std::string log;
        auto work = [&log](int) -> task<int> {
            try {
                co_await sleep_for(1h);
            } catch (const cancelled& c) {
                log += to_string(c.reason());
                throw;
            }
            co_return 0;
        };
        const auto none = co_await move_on_after(1ms, map_concurrent(2, std::views::iota(0, 9), work).collect());
        CHECK_FALSE(none.has_value());
        CHECK(log == "deadlinedeadline");
    }
}
