#include <braid/thread/thread_pool.hpp>

#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <ranges>
#include <stdexcept>
#include <thread>
#include <tuple>
#include <vector>

using namespace braid;

namespace {

int square(int x) { return x * x; }
int add(int a, int b) { return a + b; }
int fail_at_7(int x) {
    if (x == 7) throw std::runtime_error("seven");
    return x;
}

std::vector<int> squares(int n) {
    std::vector<int> values;
    for (int i = 0; i < n; ++i) values.push_back(i * i);
    return values;
}

}  // namespace

TEST_SUITE("thread/thread_pool map") {
    TEST_CASE("the ordered output equals the serial one, for any number of items and threads") {
        for (const int threads : {1, 3}) {
            thread_pool pool({.threads = threads});
            for (const int n : {0, 1, 2, 5, 500}) {
                CAPTURE(n);
                CHECK(run_blocking(pool.map(square, std::views::iota(0, n)).collect()) == squares(n));
            }
        }
    }

    TEST_CASE("the unordered output has the same values") {
        thread_pool pool({.threads = 3});
        for (const int n : {0, 1, 500}) {
            auto values = run_blocking(pool.map_unordered(square, std::views::iota(0, n)).collect());
            std::ranges::sort(values);
            CHECK(values == squares(n));
        }
    }

    TEST_CASE("of unordered results the fast ones come first") {
        thread_pool pool({.threads = 2});
        run_blocking([](thread_pool& p) -> task<> {
            std::latch let_go(1);
            const auto slow_zero = [&](int x) {
                if (x == 0) let_go.wait();
                return x;
            };
            auto results = p.map_unordered(slow_zero, std::views::iota(0, 4));
            std::vector<int> order;
            for (int i = 0; i < 3; ++i) order.push_back(*co_await results.next());
            let_go.count_down();
            order.push_back(*co_await results.next());
            CHECK(order.back() == 0);
            CHECK(co_await results.next() == std::nullopt);
        }(pool));
    }

    TEST_CASE("tuples are spread over the parameters") {
        thread_pool pool({.threads = 1});
        const std::vector<std::tuple<int, int>> pairs{{1, 2}, {3, 4}};
        CHECK(run_blocking(pool.map(add, pairs).collect()) == std::vector{3, 7});
    }

    TEST_CASE("of an endless source no more is taken than a few items for each thread") {
        thread_pool pool({.threads = 2});
        run_blocking([](thread_pool& p) -> task<> {
            int taken = 0;
            auto source = std::views::iota(0) | std::views::transform([&taken](int x) {
                              ++taken;
                              return x;
                          });
            auto results = p.map(square, source);
            for (int i = 0; i < 10; ++i) CHECK(co_await results.next() == i * i);
            CHECK(taken <= 10 + 4);
        }(pool));
    }

    TEST_CASE("a caller that stops early leaves nothing running behind its scope") {
        thread_pool pool({.threads = 2});
        run_blocking([](thread_pool& p) -> task<> {
            std::atomic<int> running = 0;
            const auto wait_for_stop = [&](int x) {
                if (x == 0) return 0;
                ++running;
                while (!stop_requested()) std::this_thread::yield();
                --running;
                return x;
            };
            for (const bool ordered : {true, false}) {
                co_await with_task_group([&](task_group&) -> task<> {
                    auto results = ordered ? p.map(wait_for_stop, std::views::iota(0, 100))
                                           : p.map_unordered(wait_for_stop, std::views::iota(0, 100));
                    CHECK(co_await results.next() == 0);
                });
                CHECK(running == 0);
            }
        }(pool));
    }

    TEST_CASE("a failure comes out in its place") {
        thread_pool pool({.threads = 2});
        run_blocking([](thread_pool& p) -> task<> {
            auto results = p.map(fail_at_7, std::views::iota(0, 100));
            for (int i = 0; i < 7; ++i) CHECK(co_await results.next() == i);
            CHECK_THROWS_WITH_AS(co_await results.next(), "seven", std::runtime_error);
            CHECK(co_await results.next() == std::nullopt);
        }(pool));
    }
}
