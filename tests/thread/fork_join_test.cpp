#include <braid/thread/fork_join.hpp>

#include <braid/core/deadline.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/stop.hpp>
#include <braid/core/task_group.hpp>
#include <braid/thread/start_on.hpp>

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace braid;
using namespace std::chrono_literals;

namespace {

task<long> fib(int n) {
    if (n < 2) co_return n;
    auto [a, b] = co_await fork_join(fib(n - 1), fib(n - 2));
    co_return a + b;
}

task<long> sum(long from, long to) {
    if (to - from == 1) co_return from;
    std::vector<task<long>> parts;
    const long step = std::max(1L, (to - from) / 7);
    for (long i = from; i < to; i += step) parts.push_back(sum(i, std::min(to, i + step)));
    long total = 0;
    for (const long part : co_await fork_join(std::move(parts))) total += part;
    co_return total;
}

task<long> on_pool(thread_pool& pool, int n) { co_return co_await start_on(pool, fib, n); }

}  // namespace

TEST_SUITE("thread/fork_join") {
    TEST_CASE("a tree of forks gives the value of the recursion, on any number of threads and without a pool") {
        for (const int threads : {1, 2, 5}) {
            thread_pool pool({.threads = threads});
            CHECK(run_blocking(on_pool(pool, 20)) == 6'765);
        }
        CHECK(run_blocking(fib(20)) == 6'765);
    }

    TEST_CASE("a vector of children gives a vector of their values") {
        thread_pool pool({.threads = 2});
        const auto on = [](thread_pool& p) -> task<long> { co_return co_await start_on(p, sum, 0L, 20'000L); };
        CHECK(run_blocking(on(pool)) == 199'990'000);
        CHECK(run_blocking(sum(0, 20'000)) == 199'990'000);
    }
}
