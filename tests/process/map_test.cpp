// Batches of items: nothing of it is to be seen but the speed.

#include <braid/process/process_pool.hpp>

#include "support/gate.hpp"
#include "support/run_counter.hpp"

#include <braid/core/deadline.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/when_all.hpp>

#include <doctest/doctest.h>

#include <csignal>
#include <cstdint>
#include <limits>
#include <numeric>
#include <ranges>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

using namespace braid;
using namespace braid::testing;
using namespace std::chrono_literals;

// What the workers run.
namespace {

int same(int x) { return x; }
std::int64_t same_long(std::int64_t x) { return x; }
bool is_even(int x) { return x % 2 == 0; }
void nothing(int) {}
std::string text_of(int x) { return std::string(static_cast<std::size_t>(x % 100), 'x'); }
std::size_t length_of(const std::string& text) { return text.size(); }
std::string large(int megabytes) { return std::string(static_cast<std::size_t>(megabytes) << 20, 'l'); }
task<int> later(int x) {
    co_await checkpoint();
    co_return x + 1;
}
int throws_at_700(int x) {
    if (x == 700) throw std::out_of_range("item 700");
    return x;
}
/// Dies in the middle of what must be a batch, having counted that it ran.
int dies_at_700(const std::string& counter, int x) {
    run_counter::ran(counter, static_cast<std::size_t>(x));
    if (x == 700) ::raise(SIGKILL);
    return x;
}
std::string dies_at_700_with_text(const std::string& counter, int x) { return std::to_string(dies_at_700(counter, x)); }
int waits_at_700(const std::string& counter, const std::string& path, int x) {
    run_counter::ran(counter, static_cast<std::size_t>(x));
    if (x == 700) gate::pass(path);
    return x;
}
int until_stopped(int) {
    while (!stop_requested()) {
    }
    return 0;
}

/// Three cannot be encoded, of five the function throws.
struct fragile {
    int number = 0;

    template <class Archive>
    void save(Archive& archive) const {
        archive(number);
        if (number == 3) throw std::runtime_error("three cannot be written");
    }
    template <class Archive>
    void load(Archive& archive) {
        archive(number);
    }
};
int number_of(const fragile& item) {
    if (item.number == 5) throw std::out_of_range("five is too much");
    return item.number;
}

std::vector<int> numbers(int count) {
    std::vector<int> all(static_cast<std::size_t>(count));
    std::iota(all.begin(), all.end(), 0);
    return all;
}

auto with_counter(const std::string& path, int count) {
    return std::views::iota(0, count) |
           std::views::transform([path](int x) { return std::tuple<std::string, int>(path, x); });
}

}  // namespace

TEST_SUITE("process/process_pool: map in batches") {
    TEST_CASE("the results of 200,000 short calls are those of the loop, with every kind of argument and result") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2});
            const auto items = numbers(200'000);
            const auto got = co_await pool.map(same, items).collect();
            CHECK(got == items);
            const auto even = co_await pool.map(is_even, std::views::iota(0, 5'000)).collect();
            REQUIRE(even.size() == 5'000);
            CHECK(even[4'998]);
            CHECK_FALSE(even[4'999]);
            CHECK((co_await pool.map(nothing, std::views::iota(0, 5'000)).collect()).size() == 5'000);
            const auto texts = co_await pool.map(text_of, std::views::iota(0, 5'000)).collect();
            REQUIRE(texts.size() == 5'000);
            CHECK(texts[4'242] == text_of(4'242));
            const auto lengths = co_await pool.map(length_of, texts).collect();
            REQUIRE(lengths.size() == 5'000);
            CHECK(lengths[4'242] == 42);
            const auto next = co_await pool.map(later, std::views::iota(0, 500)).collect();
            REQUIRE(next.size() == 500);
            CHECK(next[499] == 500);
        }());
    }

    TEST_CASE("batches of 1, of n and of more than n give what the loop gives, in order or not") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2});
            for (const std::size_t batch : {1U, 7U, 100U, 1'000U}) {
                const auto in_order = co_await pool.map(same, numbers(100), {.batch = batch}).collect();
                CHECK(in_order == numbers(100));
                auto as_they_come = co_await pool.map_unordered(same, numbers(100), {.batch = batch}).collect();
                std::ranges::sort(as_they_come);
                CHECK(as_they_come == numbers(100));
            }
        }());
    }

    TEST_CASE("a batch of more items than can be numbered or allocated is as large as one can be") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            const std::vector<std::int64_t> items(10'000, 7);
            for (const std::size_t batch : {std::numeric_limits<std::size_t>::max(), std::size_t{1} << 61}) {
                const auto results = co_await pool.map(same_long, items, {.batch = batch}).collect();
                CHECK(results == items);
                const auto texts = co_await pool.map(text_of, std::vector<int>(300, 5), {.batch = batch}).collect();
                CHECK(texts.size() == 300);
            }
        }());
    }

    TEST_CASE("of an endless range no more is taken than allowed ahead of the consumer") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2});
            for (const bool ordered : {true, false}) {
                int taken = 0;
                auto items = std::views::iota(0) | std::views::transform([&taken](int x) {
                                 ++taken;
                                 return x;
                             });
                auto results =
                    ordered ? pool.map(same, items, {.ahead = 10}) : pool.map_unordered(same, items, {.ahead = 10});
                CHECK(taken == 0);
                for (int given = 0; given < 500; ++given) {
                    CHECK(co_await results.next());
                    CHECK(taken <= given + 1 + 10);
                }
            }
        }());
    }

    TEST_CASE("results larger than what workers share with their parent arrive among small ones") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2});
            const std::vector<int> sizes = {0, 1, 0, 3, 0};
            const auto texts = co_await pool.map(large, sizes, {.batch = 5}).collect();
            REQUIRE(texts.size() == 5);
            CHECK(texts[1] == large(1));
            CHECK(texts[3] == large(3));
            CHECK(texts[4].empty());
        }());
    }

    TEST_CASE("an item that throws ends the stream at its place, and the results before it are given") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2});
            auto results = pool.map(throws_at_700, std::views::iota(0), {.batch = 100});
            for (int i = 0; i < 700; ++i) {
                const auto got = co_await results.next();
                REQUIRE(got == i);
            }
            CHECK_THROWS_WITH_AS(co_await results.next(), "item 700", std::out_of_range);
            CHECK_FALSE(co_await results.next());
        }());
    }

    TEST_CASE("an item that cannot be encoded, or whose function throws, fails alone, and the error names the call") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            std::vector<fragile> items(8);
            for (int i = 0; i < 8; ++i) items[static_cast<std::size_t>(i)].number = i;
            auto outcomes = co_await pool.map_outcomes(number_of, items, {.batch = 8}).collect();
            REQUIRE(outcomes.size() == items.size());
            for (int i = 0; i < 8; ++i) {
                auto& each = outcomes[static_cast<std::size_t>(i)];
                REQUIRE(each.has_value() == (i != 3 && i != 5));
                if (each.has_value()) CHECK(each.value() == i);
            }
            CHECK_THROWS_WITH_AS(static_cast<void>(std::move(outcomes[3]).value()), "three cannot be written",
                                 std::runtime_error);
            std::string named;
            try {
                static_cast<void>(std::move(outcomes[5]).value());
            } catch (const std::out_of_range& e) {
                if (const auto* origin = dynamic_cast<const wire::remote_origin*>(&e)) named = origin->call();
            }
            CHECK_MESSAGE(named.find("number_of") != std::string::npos, named);
        }());
    }

    TEST_CASE("a range that throws ends the stream after the results of what it gave") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2});
            auto items = std::views::iota(0) | std::views::transform([](int x) {
                             if (x == 50) throw std::runtime_error("no item 50");
                             return x;
                         });
            auto results = pool.map(same, items);
            for (int i = 0; i < 50; ++i) {
                const auto got = co_await results.next();
                REQUIRE(got == i);
            }
            CHECK_THROWS_WITH_AS(co_await results.next(), "no item 50", std::runtime_error);
        }());
    }

    TEST_CASE("of a batch in which a worker dies only the running item fails, and every other one ran once") {
        run_counter counter(1'000);
        run_blocking([](run_counter& c) -> task<> {
            process_pool pool({.workers = 2});
            auto outcomes =
                co_await pool.map_outcomes(dies_at_700, with_counter(c.path(), 1'000), {.batch = 100}).collect();
            REQUIRE(outcomes.size() == 1'000);
            for (int i = 0; i < 1'000; ++i) {
                auto& each = outcomes[static_cast<std::size_t>(i)];
                CHECK(each.has_value() == (i != 700));
                if (i == 700) {
                    CHECK_THROWS_AS(std::move(each).value(), worker_died);
                } else {
                    CHECK(each.value() == i);
                }
            }
        }(counter));
        for (std::size_t i = 0; i < 1'000; ++i) CHECK(counter.runs_of(i) == 1);
    }

    TEST_CASE("the same where results are of any length, and the error says which item it was") {
        run_counter counter(1'000);
        run_blocking([](run_counter& c) -> task<> {
            process_pool pool({.workers = 1});
            auto results = pool.map(dies_at_700_with_text, with_counter(c.path(), 1'000), {.batch = 1'000});
            for (int i = 0; i < 700; ++i) {
                const auto got = co_await results.next();
                REQUIRE(got == std::to_string(i));
            }
            std::string what;
            try {
                co_await results.next();
            } catch (const worker_died& e) {
                CHECK(e.item() == 700);
                what = e.what();
            }
            CHECK_MESSAGE(what.find(" for item 700 of a map") != std::string::npos, what);
        }(counter));
        for (std::size_t i = 0; i <= 700; ++i) CHECK(counter.runs_of(i) == 1);
    }

    TEST_CASE("an item whose worker dies of it is run again as often as allowed, and the others once") {
        run_counter counter(1'000);
        run_blocking([](run_counter& c) -> task<> {
            process_pool pool({.workers = 2});
            auto outcomes =
                co_await pool
                    .map_outcomes(dies_at_700, with_counter(c.path(), 1'000), {.call = {.retries = 2}, .batch = 250})
                    .collect();
            REQUIRE(outcomes.size() == 1'000);
            std::size_t attempts = 0;
            try {
                static_cast<void>(std::move(outcomes[700]).value());
            } catch (const worker_died& e) {
                attempts = e.earlier().size() + 1;
            }
            CHECK(attempts == 3);
        }(counter));
        for (std::size_t i = 0; i < 1'000; ++i) CHECK(counter.runs_of(i) == (i == 700 ? 3 : 1));
    }

    TEST_CASE("an item that turns out to be long holds up neither those before it nor those behind it") {
        run_counter counter(1'000);
        gate door;
        run_blocking([](run_counter& c, gate& g) -> task<> {
            process_pool pool({.workers = 2});
            auto items = std::views::iota(0, 1'000) | std::views::transform([&](int x) {
                             return std::tuple<std::string, std::string, int>(c.path(), g.path(), x);
                         });
            auto results = pool.map_unordered(waits_at_700, items, {.batch = 500});
            std::vector<int> got;
            while (got.size() < 999) got.push_back((co_await results.next()).value());  // while 700 stands at the gate
            CHECK(std::ranges::find(got, 700) == got.end());
            g.open();
            const auto last = co_await results.next();
            CHECK(last == 700);
            CHECK_FALSE(co_await results.next());
        }(counter, door));
        for (std::size_t i = 0; i < 1'000; ++i) CHECK(counter.runs_of(i) == 1);
    }

    TEST_CASE("a consumer that stops early leaves nothing running, whatever was in a batch") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2, .grace = 1h});
            {
                auto results = pool.map(until_stopped, std::views::iota(0, 100), {.batch = 10});
                CHECK_FALSE(co_await move_on_after(20ms, results.next()));
            }
            const auto after = co_await pool.map(same, numbers(10)).collect();
            CHECK(after == numbers(10));
            co_await pool.close();
        }());
    }

    TEST_CASE("workers that are to be replaced after some calls are so in the middle of a map, which loses nothing") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2, .calls_per_worker = 1'000});
            const auto got = co_await pool.map(same, numbers(20'000)).collect();
            CHECK(got == numbers(20'000));
            const auto stats = co_await pool.stats();
            CHECK(stats.started > 10);
        }());
    }
}
