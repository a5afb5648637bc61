// The adaptors of stream<T>: what they give, and what becomes of them when something fails, is cancelled or dropped.

#include <braid/flow/stream.hpp>

#include "support/cancel_everywhere.hpp"

#include <braid/core/deadline.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

using namespace braid;
using namespace std::chrono_literals;
using braid_test::cancel_everywhere;
using braid_test::ending;
using braid_test::witness;

namespace {

stream<int> count_to(int end) {
    for (int i = 0; i < end; ++i) {
        if (i % 2 == 1) co_await checkpoint();
        co_yield i;
    }
}
stream<int> break_after(int end) {
    for (int i = 0; i < end; ++i) co_yield i;
    throw std::runtime_error("broken");
}
/// Counts those of it that are alive; without end.
stream<int> watched(int& alive, int& pulled) {
    const witness here(alive);
    for (int i = 0;; ++i) {
        co_await checkpoint();
        pulled = i + 1;
        co_yield i;
    }
}
stream<int> watched_sleeper(int& alive) {
    const witness here(alive);
    for (int i = 0; i < 3; ++i) {
        co_await sleep_for(20us);
        co_yield i;
    }
}
task<int> twice_later(int value) {
    co_await checkpoint();
    co_return 2 * value;
}
task<bool> is_even_later(int value) {
    co_await checkpoint();
    co_return value % 2 == 0;
}
int fail_at_three(int value) {
    if (value == 3) throw std::runtime_error("three");
    return value;
}
task<int> fail_at_three_later(int value) {
    co_await checkpoint();
    co_return fail_at_three(value);
}
bool is_even(int value) { return value % 2 == 0; }

using vectors = std::vector<std::vector<int>>;

/// Takes two values and drops the rest in the middle.
template <class T>
task<> take_two(stream<T> source) {
    static_cast<void>(co_await source.next());
    static_cast<void>(co_await source.next());
}

template <class Adapt>
task<> dropped_leaves_nothing(Adapt adapt) {
    int alive = 0, pulled = 0;
    co_await with_task_group([&](task_group&) -> task<> { co_await take_two(adapt(watched(alive, pulled))); });
    CHECK(pulled >= 1);
    CHECK(alive == 0);
}

template <class T>
task<std::string> error_of(stream<T> source) {
    try {
        while (co_await source.next()) {
        }
    } catch (const std::exception& e) {
        co_return e.what();
    }
    co_return "nothing";
}

}  // namespace

TEST_SUITE("flow/adaptors") {
    TEST_CASE("map and filter take plain functions and tasks") {
        run_blocking([]() -> task<> {
            const auto plain = co_await count_to(6).filter(is_even).map([](int i) { return 2 * i; }).collect();
            CHECK(plain == std::vector{0, 4, 8});
            const auto later = co_await count_to(6).filter(is_even_later).map(twice_later).collect();
            CHECK(later == std::vector{0, 4, 8});
            const auto texts = co_await count_to(3).map([](int i) { return std::to_string(i); }).collect();
            CHECK(texts == std::vector<std::string>{"0", "1", "2"});
        }());
    }

    TEST_CASE("for_each takes plain functions and tasks") {
        run_blocking([]() -> task<> {
            int sum = 0;
            co_await count_to(5).for_each([&](int i) { sum += i; });
            co_await count_to(5).for_each([&](int i) -> task<> {
                co_await checkpoint();
                sum += i;
            });
            CHECK(sum == 20);
        }());
    }

    TEST_CASE("take asks for no more than it gives, and has stopped its source when it ends") {
        run_blocking([]() -> task<> {
            int alive = 0, pulled = 0;
            const auto three = co_await watched(alive, pulled).take(3).collect();
            CHECK(three == std::vector{0, 1, 2});
            CHECK(pulled == 3);
            CHECK(alive == 0);
            const auto none = co_await watched(alive, pulled).take(0).collect();
            CHECK(none.empty());
            const auto all = co_await count_to(2).take(9).collect();
            CHECK(all == std::vector{0, 1});
        }());
    }

    TEST_CASE("batch gives vectors of so many, and what is left in the end") {
        run_blocking([]() -> task<> {
            const auto batches = co_await count_to(5).batch(2).collect();
            CHECK(batches == vectors{{0, 1}, {2, 3}, {4}});
            const auto none = co_await count_to(0).batch(2).collect();
            CHECK(none.empty());
            const auto in_time = co_await count_to(5).batch(2, 1h).collect();
            CHECK(in_time == vectors{{0, 1}, {2, 3}, {4}});
        }());
    }

    TEST_CASE("a batch whose time is up is given as it is, and no value is lost") {
        run_blocking([]() -> task<> {
            const auto pairs_far_apart = []() -> stream<int> {
                for (int i = 0; i < 6; ++i) {
                    if (i % 2 == 0) co_await sleep_for(30ms);
                    co_yield i;
                }
            };
            const auto batches = co_await pairs_far_apart().batch(6, 1ms).collect();
            CHECK(batches == vectors{{0, 1}, {2, 3}, {4, 5}});
        }());
    }

    TEST_CASE("batch, buffer: of none is refused at once") {
        CHECK_THROWS_AS(static_cast<void>(count_to(1).batch(0)), usage_error);
        CHECK_THROWS_AS(static_cast<void>(count_to(1).batch(0, 1s)), usage_error);
        CHECK_THROWS_AS(static_cast<void>(count_to(1).buffer(0)), usage_error);
    }

    TEST_CASE("a buffered source runs ahead by so many values and no further") {
        run_blocking([]() -> task<> {
            for (const std::size_t ahead : {1U, 2U, 7U}) {
                int alive = 0, pulled = 0;
                auto buffered = watched(alive, pulled).buffer(ahead);
                const auto first = co_await buffered.next();
                CHECK(first == 0);
                for (int i = 0; i < 100; ++i) co_await checkpoint();
                CHECK(pulled == 1 + static_cast<int>(ahead));
                const auto second = co_await buffered.next();
                CHECK(second == 1);
            }
            const auto all = co_await count_to(50).buffer(3).collect();
            CHECK(all.size() == 50);
            CHECK(std::ranges::is_sorted(all));
        }());
    }

    TEST_CASE("merge gives the values of all sources, those of each in order") {
        run_blocking([]() -> task<> {
            auto all = co_await merge(count_to(10), count_to(20), count_to(0)).collect();
            std::ranges::sort(all);
            std::vector<int> expected;
            for (int i = 0; i < 20; ++i) expected.insert(expected.end(), i < 10 ? 2 : 1, i);
            CHECK(all == expected);
            std::vector<stream<int>> nothing;
            const auto none = co_await merge(std::move(nothing)).collect();
            CHECK(none.empty());
        }());
    }

    TEST_CASE("an error of the source comes out after the values before it") {
        run_blocking([]() -> task<> {
            std::vector<int> seen;
            std::string error;
            try {
                co_await break_after(3).buffer(2).for_each([&](int i) { seen.push_back(i); });
            } catch (const std::runtime_error& e) {
                error = e.what();
            }
            CHECK(error == "broken");
            CHECK(seen == std::vector{0, 1, 2});
            error = co_await error_of(break_after(2).map(twice_later));
            CHECK(error == "broken");
            error = co_await error_of(break_after(2).filter(is_even));
            CHECK(error == "broken");
            error = co_await error_of(break_after(2).take(5));
            CHECK(error == "broken");
            error = co_await error_of(break_after(2).batch(5));
            CHECK(error == "broken");
            error = co_await error_of(break_after(2).batch(5, 1h));
            CHECK(error == "broken");
        }());
    }

    TEST_CASE("a source that fails ends the others, which have ended when its error comes out") {
        run_blocking([]() -> task<> {
            int alive = 0, pulled = 0;
            const auto error = co_await error_of(merge(watched(alive, pulled), break_after(3)));
            CHECK(error == "broken");
            CHECK(alive == 0);
        }());
    }

    TEST_CASE("an error of the function comes out of next, and the source ends") {
        run_blocking([]() -> task<> {
            int alive = 0, pulled = 0;
            for (int round = 0; round < 4; ++round) {
                auto failing = [&]() -> stream<int> {
                    auto source = watched(alive, pulled);
                    if (round == 0) return std::move(source).map(fail_at_three);
                    if (round == 1) return std::move(source).map(fail_at_three_later);
                    if (round == 2) return std::move(source).filter([](int i) { return fail_at_three(i) >= 0; });
                    return std::move(source).buffer(2).map(fail_at_three);
                }();
                const auto error = co_await with_task_group(
                    [&](task_group&) -> task<std::string> { co_return co_await error_of(std::move(failing)); });
                CHECK(error == "three");
                CHECK(alive == 0);
            }
        }());
    }

    TEST_CASE("dropped in the middle, no adaptor leaves anything running when the scope has ended") {
        run_blocking([]() -> task<> {
            co_await dropped_leaves_nothing([](stream<int> s) { return std::move(s).map(twice_later); });
            co_await dropped_leaves_nothing([](stream<int> s) { return std::move(s).filter(is_even_later); });
            co_await dropped_leaves_nothing([](stream<int> s) { return std::move(s).take(5); });
            co_await dropped_leaves_nothing([](stream<int> s) { return std::move(s).batch(2); });
            co_await dropped_leaves_nothing([](stream<int> s) { return std::move(s).batch(2, 1h); });
            co_await dropped_leaves_nothing([](stream<int> s) { return std::move(s).buffer(3); });
            co_await dropped_leaves_nothing([](stream<int> s) { return merge(std::move(s), count_to(9)); });
            co_await dropped_leaves_nothing(
                [](stream<int> s) { return std::move(s).buffer(2).map(twice_later).batch(2).buffer(1); });
        }());
    }

    TEST_CASE("cancelled at whatever step, no adaptor leaves anything running") {
        const auto check = [](auto adapt) {
            cancel_everywhere([adapt](int& alive) -> task<> {
                const witness here(alive);
                auto adapted = adapt(watched_sleeper(alive));
                while (co_await adapted.next()) {
                }
            });
        };
        check([](stream<int> s) { return std::move(s).map(twice_later); });
        check([](stream<int> s) { return std::move(s).filter(is_even_later); });
        check([](stream<int> s) { return std::move(s).take(2); });
        check([](stream<int> s) { return std::move(s).batch(2); });
        check([](stream<int> s) { return std::move(s).batch(2, 1ms); });
        check([](stream<int> s) { return std::move(s).buffer(2); });
        check([](stream<int> s) { return merge(std::move(s), count_to(4)); });
    }
}
