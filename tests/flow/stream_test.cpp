#include <braid/flow/stream.hpp>

#include <braid/core/deadline.hpp>
#include <braid/core/job.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>

#include <braid/testing/co_test_case.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <vector>

using namespace braid;
using namespace std::chrono_literals;

namespace {

stream<int> count_to(int end) {
    for (int i = 0; i < end; ++i) co_yield i;
}
stream<int> count_slowly_to(int end) {
    for (int i = 0; i < end; ++i) {
        co_await checkpoint();
        co_yield i;
    }
}
/// Chunks of 1, 2, 3 ... values, an empty one among them, and then a single value.
stream<int> count_in_chunks(int chunks, int* resumed = nullptr) {
    int value = 0;
    for (int size = 0; size <= chunks; ++size) {
        detail::chunk<int> several;
        for (int i = 0; i < size; ++i) several.values.push_back(value++);
        several.more = 100;
        co_yield std::move(several);
        if (resumed) ++*resumed;
    }
    co_yield value;
}
task<int> give_late(int value) {
    co_await checkpoint();
    co_return value;
}
stream<int> mixed(int end) {
    for (int i = 0; i < end; ++i) {
        if (i % 3 == 0) co_await checkpoint();
        const int value = i % 5 == 0 ? co_await give_late(i) : i;
        co_yield value;
    }
}
stream<int> break_after(int end) {
    for (int i = 0; i < end; ++i) co_yield i;
    throw std::runtime_error("broken");
}
struct flag_on_exit {
    bool& flag;
    ~flag_on_exit() { flag = true; }
};
stream<int> endless(bool& left, int& asked) {
    const flag_on_exit guard{left};
    for (int i = 0;; ++i) {
        asked = i + 1;
        co_yield i;
    }
}
stream<int> wait_forever() {
    co_await sleep_for(1h);
    co_yield 1;
}
template <class Source>
task<long> sum_of(Source source, int depth) {
    if (depth > 0) co_return co_await sum_of(std::move(source), depth - 1);
    long sum = 0;
    while (const auto item = co_await source.next()) sum += *item;
    co_return sum;
}
task<std::optional<int>> ask(stream<int>& s) { co_return co_await s.next(); }

}  // namespace

TEST_SUITE("flow/stream") {
    TEST_CASE("values that come many at a time are given one by one, and the source is asked when they are used up") {
        run_blocking([]() -> task<> {
            int resumed = 0;
            auto values = count_in_chunks(4, &resumed);
            for (int i = 0; i <= 10; ++i) {
                const auto got = co_await values.next();
                CHECK(got == i);
                CHECK(resumed == (i < 1 ? 1 : i < 3 ? 2 : i < 6 ? 3 : i < 10 ? 4 : 5));
            }
            CHECK_FALSE(co_await values.next());
            const auto all = co_await count_in_chunks(40).collect();
            REQUIRE(all.size() == 40 * 41 / 2 + 1);
            for (int i = 0; i < 40 * 41 / 2 + 1; ++i) CHECK(all[static_cast<std::size_t>(i)] == i);
            const auto some = co_await count_in_chunks(40).map([](int x) { return x + 1; }).take(4).collect();
            CHECK(some == std::vector{1, 2, 3, 4});
            auto dropped = count_in_chunks(4);
            CHECK(co_await dropped.next());
            co_await std::move(dropped).stop();
        }());
    }

    CO_TEST_CASE("a stream gives its values in order, then nothing, ever after") {
        auto s = count_to(3);
        for (int i = 0; i < 3; ++i) CHECK(co_await s.next() == i);
        CHECK(co_await s.next() == std::nullopt);
        CHECK(co_await s.next() == std::nullopt);
    }

    CO_TEST_CASE("collect gives what is left, of a stream that awaits as well") {
        auto s = count_slowly_to(4);
        CHECK(co_await s.next() == 0);
        const auto rest = co_await std::move(s).collect();
        CHECK(rest == std::vector{1, 2, 3});
        CHECK((co_await count_to(0).collect()).empty());
    }

    TEST_CASE("the sum is right however deep the consumer is, whether the stream suspends or not") {
        for (int depth = 0; depth < 40; ++depth) {
            CAPTURE(depth);
            CHECK(run_blocking(sum_of(count_to(100), depth)) == 4950);
            CHECK(run_blocking(sum_of(count_slowly_to(100), depth)) == 4950);
            CHECK(run_blocking(sum_of(mixed(100), depth)) == 4950);
        }
    }

    TEST_CASE("a million values do not grow the stack") {
        CHECK(run_blocking(sum_of(count_to(1'000'000), 15)) == 499'999'500'000);
    }

    CO_TEST_CASE("an exception of the stream comes out of next, after which the stream is at its end") {
        auto s = break_after(2);
        CHECK(co_await s.next() == 0);
        CHECK(co_await s.next() == 1);
        CHECK_THROWS_WITH_AS(co_await s.next(), "broken", std::runtime_error);
        CHECK(co_await s.next() == std::nullopt);
    }

    CO_TEST_CASE("a stream is lazy: it runs as far as it is asked, and dropped early its locals go") {
        bool left = false;
        int asked = 0;
        {
            auto s = endless(left, asked);
            CHECK(asked == 0);
            CHECK(co_await s.next() == 0);
            CHECK(co_await s.next() == 1);
            CHECK(asked == 2);
            CHECK_FALSE(left);
        }
        CHECK(left);
    }

    CO_TEST_CASE("a deadline of the consumer reaches what the stream awaits") {
        auto s = wait_forever();
        CHECK_THROWS_AS(co_await fail_after(1ms, ask(s)), timed_out);
        CHECK(co_await s.next() == std::nullopt);
    }

    CO_TEST_CASE("a second next while one is under way is an error, and the first gets its value") {
        auto s = count_slowly_to(1);
        auto first = detail::start_job(ask(s));
        co_await checkpoint();
        CHECK_THROWS_AS(co_await s.next(), usage_error);
        CHECK(co_await first == 0);
    }

    CO_TEST_CASE("values may be move-only") {
        auto give = []() -> stream<std::unique_ptr<int>> {
            co_yield std::make_unique<int>(1);
            auto two = std::make_unique<int>(2);
            co_yield std::move(two);
        };
        const auto all = co_await give().collect();
        CHECK(all.size() == 2);
        CHECK(*all[1] == 2);
    }
}
