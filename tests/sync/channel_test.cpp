#include <braid/sync/channel.hpp>

#include <braid/core/deadline.hpp>
#include <braid/core/job.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>
#include <braid/core/when_all.hpp>

#include <support/loop_thread.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

using namespace braid;
using namespace std::chrono_literals;
using braid_test::loop_thread;

namespace {

task<> produce(channel<int>& ch, int from, int to) {
    for (int i = from; i < to; ++i) co_await ch.push(i);
}
task<std::vector<int>> consume(channel<int>& ch) {
    std::vector<int> values;
    while (auto value = co_await ch.pop()) values.push_back(*value);
    co_return values;
}
task<> push_one(channel<int>& ch, int value) { co_await ch.push(value); }
task<std::optional<int>> pop_one(channel<int>& ch) { co_return co_await ch.pop(); }

}  // namespace

TEST_SUITE("sync/channel") {
    TEST_CASE("values come out in the order in which they went in, for every kind of capacity") {
        for (const std::size_t capacity : {std::size_t{0}, std::size_t{1}, std::size_t{7}, unbounded}) {
            CAPTURE(capacity);
            run_blocking([](std::size_t n) -> task<> {
                channel<int> ch(n);
                co_await with_task_group([&](task_group& g) -> task<> {
                    g.start(
                        [](channel<int>& c) -> task<> {
                            co_await produce(c, 0, 1'000);
                            c.close();
                        },
                        std::ref(ch));
                    const std::vector<int> values = co_await consume(ch);
                    CHECK(values.size() == 1'000);
                    for (int i = 0; i < 1'000; ++i) CHECK(values[static_cast<std::size_t>(i)] == i);
                });
            }(capacity));
        }
    }

    TEST_CASE("full or empty, trying fails at once and leaves the value with the caller") {
        channel<std::string> ch(1);
        CHECK_FALSE(ch.try_pop());
        CHECK(ch.try_push("one"));
        std::string second = "a second value that is too long to be stored inside the string";
        CHECK_FALSE(ch.try_push(std::move(second)));
        CHECK(second.starts_with("a second"));  // NOLINT: that it was not moved from is the point
        CHECK(ch.size() == 1);
        CHECK(ch.capacity() == 1);
        CHECK(ch.try_pop() == "one");
    }

    TEST_CASE("without capacity, a push is done only when its value has been taken") {
        run_blocking([]() -> task<> {
            channel<int> ch(0);
            CHECK_FALSE(ch.try_push(1));
            auto pushing = detail::start_job(push_one(ch, 2));
            co_await checkpoint();
            co_await checkpoint();
            CHECK_FALSE(pushing.done());
            CHECK(ch.try_pop() == 2);
            co_await pushing;
            auto popping = detail::start_job(pop_one(ch));
            co_await checkpoint();
            CHECK(ch.try_push(3));
            CHECK(co_await popping == 3);
        }());
    }

    TEST_CASE("a closed channel refuses a push, and pop drains it and then says so") {
        run_blocking([]() -> task<> {
            channel<int> ch(4);
            co_await ch.push(1);
            co_await ch.push(2);
            ch.close();
            ch.close();
            CHECK_THROWS_AS(co_await ch.push(3), closed);
            CHECK_THROWS_AS(static_cast<void>(ch.try_push(3)), closed);
            CHECK(co_await ch.pop() == 1);
            CHECK(co_await ch.pop() == 2);
            CHECK(co_await ch.pop() == std::nullopt);
            CHECK(co_await ch.pop() == std::nullopt);
        }());
    }

    TEST_CASE("closing wakes everyone who waits: producers with an error, consumers with nothing") {
        run_blocking([]() -> task<> {
            channel<int> full(1);
            co_await full.push(0);
            channel<int> empty(1);
            std::vector<job<>> producers;
            std::vector<job<std::optional<int>>> consumers;
            for (int i = 0; i < 10; ++i) producers.push_back(detail::start_job(push_one(full, i)));
            for (int i = 0; i < 10; ++i) consumers.push_back(detail::start_job(pop_one(empty)));
            co_await checkpoint();
            full.close();
            empty.close();
            for (auto& j : producers) CHECK_THROWS_AS(co_await j, closed);
            for (auto& j : consumers) CHECK(co_await j == std::nullopt);
            CHECK(full.size() == 1);
        }());
    }

    TEST_CASE("a deadline on a full or an empty channel is kept, and neither loses nor adds a value") {
        run_blocking([]() -> task<> {
            channel<int> ch(1);
            CHECK_THROWS_AS(co_await fail_after(1ms, ch.pop()), timed_out);
            co_await ch.push(1);
            CHECK_THROWS_AS(co_await fail_after(1ms, ch.push(2)), timed_out);
            CHECK(co_await ch.pop() == 1);
            CHECK_FALSE(ch.try_pop());
        }());
    }

    TEST_CASE("a consumer that was served before it was cancelled has its value") {
        run_blocking([]() -> task<> {
            channel<int> ch(1);
            std::optional<int> got;
            co_await with_task_group([&](task_group& g) -> task<> {
                g.start([](channel<int>& c, std::optional<int>& to) -> task<> { to = co_await c.pop(); }, std::ref(ch),
                        std::ref(got));
                co_await checkpoint();
                CHECK(ch.try_push(5));
                g.cancel();
            });
            CHECK(got == 5);
        }());
    }

    TEST_CASE("values may be move-only") {
        run_blocking([]() -> task<> {
            channel<std::unique_ptr<int>> ch(1);
            co_await ch.push(std::make_unique<int>(4));
            auto value = co_await ch.pop();
            CHECK(**value == 4);
        }());
    }

    TEST_CASE("plain threads push and pop") {
        channel<int> ch(2);
        std::thread producer([&] {
            for (int i = 0; i < 1'000; ++i) ch.push_blocking(i);
            ch.close();
        });
        int next = 0;
        while (auto value = ch.pop_blocking()) CHECK(*value == next++);
        producer.join();
        CHECK(next == 1'000);
        CHECK_THROWS_AS(ch.push_blocking(1), closed);
    }

    TEST_CASE(
        "several producers and consumers on several loops: each value comes out once, those of a producer in order") {
        std::array<loop_thread, 4> loops;
        for (const std::size_t capacity : {std::size_t{0}, std::size_t{3}, unbounded}) {
            CAPTURE(capacity);
            channel<int> ch(capacity);
            std::vector<job<>> producers;
            std::vector<job<std::vector<int>>> consumers;
            for (std::size_t i = 0; i < 4; ++i) {
                const int from = static_cast<int>(i) * 5'000;
                producers.push_back(detail::start_job(produce(ch, from, from + 5'000), loops[i].executor()));
                consumers.push_back(detail::start_job(consume(ch), loops[(i + 1) % 4].executor()));
            }
            for (auto& j : producers) j.get_blocking();
            ch.close();
            std::vector<int> seen(20'000);
            bool in_order = true;
            for (auto& j : consumers) {
                std::array<int, 4> last{-1, -1, -1, -1};
                for (const int value : j.get_blocking()) {
                    ++seen[static_cast<std::size_t>(value)];
                    int& before = last[static_cast<std::size_t>(value / 5'000)];
                    in_order = in_order && before < value;
                    before = value;
                }
            }
            CHECK(in_order);
            CHECK(std::all_of(seen.begin(), seen.end(), [](int n) { return n == 1; }));
        }
    }

    TEST_CASE("with 10,000 producers and consumers cancelled at random, what was delivered is exactly what came out") {
        std::array<loop_thread, 4> loops;
        for (const std::size_t capacity : {std::size_t{0}, std::size_t{2}}) {
            CAPTURE(capacity);
            channel<int> ch(capacity);
            std::vector<job<>> pushes;
            std::vector<job<std::optional<int>>> pops;
            std::minstd_rand random(7);  // NOLINT: the same order each time
            for (std::size_t i = 0; i < 5'000; ++i) {
                pushes.push_back(detail::start_job(push_one(ch, static_cast<int>(i)), loops[random() % 4].executor()));
                pops.push_back(detail::start_job(pop_one(ch), loops[random() % 4].executor()));
                if (random() % 2 == 0) pushes[random() % pushes.size()].cancel();
                if (random() % 2 == 0) pops[random() % pops.size()].cancel();
            }
            // Whoever is still without a partner gets none any more.
            std::thread closer([&] {
                for (std::size_t i = 0; i < 5'000; i += 2) {
                    pushes[i].cancel();
                    pops[i].cancel();
                }
                ch.close();
            });
            std::vector<int> delivered(5'000);
            for (std::size_t i = 0; i < pushes.size(); ++i) {
                try {
                    pushes[i].get_blocking();
                    delivered[i] = 1;
                } catch (const cancelled&) {
                } catch (const closed&) {
                }
            }
            closer.join();
            std::vector<int> taken(5'000);
            for (auto& j : pops) {
                try {
                    if (const auto value = j.get_blocking()) ++taken[static_cast<std::size_t>(*value)];
                } catch (const cancelled&) {
                }
            }
            while (const auto value = ch.try_pop()) ++taken[static_cast<std::size_t>(*value)];
            CHECK(taken == delivered);
        }
    }
}
