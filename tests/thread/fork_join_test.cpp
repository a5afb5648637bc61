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

// --- failures and cancellation

namespace {

struct counted {
    explicit counted(std::atomic<int>& c) : alive(c) { ++alive; }
    counted(const counted&) = delete;
    counted& operator=(const counted&) = delete;
    ~counted() { --alive; }
    std::atomic<int>& alive;
};

/// Which nodes of a random tree fail, wait and compute is a function of the seed, not of the threads.
class random_tree {
public:
    random_tree(std::uint64_t seed, bool failures) : seed_(seed), failures_(failures) {}

    task<long> node(std::uint64_t id, int depth) {
        const counted here(alive);
        const std::uint64_t dice = mix(id);
        if (dice % 16 == 0) co_await sleep_for(std::chrono::microseconds(dice % 256));
        if (dice % 16 == 1) co_await checkpoint();
        if (dice % 16 == 2) co_await fail_after(1h, just(1));
        if (failures_ && dice % 512 == 3) throw std::runtime_error("node");
        if (depth == 0) co_return 1;
        if (dice % 3 == 0) {
            auto [a, b] = co_await fork_join(node(2 * id, depth - 1), node(2 * id + 1, depth - 1));
            co_return a + b;
        }
        std::vector<task<long>> children;
        for (std::uint64_t i = 0; i < 2; ++i) children.push_back(node(2 * id + i, depth - 1));
        long total = 0;
        for (const long part : co_await fork_join(std::move(children))) total += part;
        co_return total;
    }

    std::atomic<int> alive = 0;

private:
    static task<long> just(long x) { co_return x; }
    [[nodiscard]] std::uint64_t mix(std::uint64_t id) const {
        std::uint64_t x = id + seed_ * 0x9E3779B97F4A7C15u;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
        return x ^ (x >> 31);
    }
    std::uint64_t seed_;
    bool failures_;
};

task<long> grow(random_tree& tree, int depth) { co_return co_await tree.node(1, depth); }
task<long> grow_on(thread_pool& pool, random_tree& tree, int depth) {
    co_return co_await start_on(pool, grow, std::ref(tree), depth);
}

task<> wait_forever(std::atomic<int>& alive) {
    const counted here(alive);
    co_await sleep_for(24h);
}
task<> fail_when(std::atomic<int>& alive, int waiting) {
    while (alive != waiting) co_await checkpoint();
    throw std::runtime_error("enough");
}
task<> nothing() { co_return; }
task<> compute(std::atomic<int>& alive) {
    const counted here(alive);
    for (;;) co_await fork_join(nothing(), nothing());
}
task<> compute_both(std::atomic<int>& alive) { co_await fork_join(compute(alive), compute(alive)); }
task<> wait_both(std::atomic<int>& alive) { co_await fork_join(wait_forever(alive), wait_forever(alive)); }
task<> wait_and_fail(std::atomic<int>& alive) {
    std::vector<task<>> children;
    children.push_back(wait_forever(alive));
    children.push_back(fail_when(alive, 3));
    children.push_back(wait_forever(alive));
    children.push_back(wait_forever(alive));
    co_await fork_join(std::move(children));
}
task<> cancel_when(task_group& group, std::atomic<int>& alive, int waiting) {
    while (alive < waiting) co_await sleep_for(100us);
    group.cancel();
}

}  // namespace

TEST_SUITE("thread/fork_join: failures and cancellation") {
    TEST_CASE("random trees that wait and share threads give their number of leaves") {
        thread_pool pool({.threads = 3});
        for (std::uint64_t seed = 1; seed <= 20; ++seed) {
            CAPTURE(seed);
            random_tree tree(seed, false);
            CHECK(run_blocking(grow_on(pool, tree, 9)) == 512);
            CHECK(tree.alive == 0);
        }
        random_tree tree(1, false);
        CHECK(run_blocking(grow(tree, 9)) == 512);
    }

    TEST_CASE("when a node of a random tree fails, the tree fails with its error and nothing of it is left") {
        thread_pool pool({.threads = 3});
        int failed = 0;
        for (std::uint64_t seed = 1; seed <= 60; ++seed) {
            CAPTURE(seed);
            random_tree tree(seed, true);
            try {
                const long leaves = run_blocking(grow_on(pool, tree, 9));
                CHECK(leaves == 512);
            } catch (const std::runtime_error& e) {
                CHECK(std::string(e.what()) == "node");
                ++failed;
            }
            CHECK(tree.alive == 0);
        }
        CHECK(failed > 10);
    }

    TEST_CASE("random trees are cancelled at random moments, and nothing of them is left") {
        thread_pool pool({.threads = 3});
        for (int i = 0; i < 100; ++i) {
            random_tree tree(static_cast<std::uint64_t>(i) + 1, false);
            const auto limited = [](thread_pool& p, random_tree& t, int us) -> task<bool> {
                const auto value = co_await move_on_after(std::chrono::microseconds(us), grow_on(p, t, 10));
                co_return value && *value != 1'024;
            };
            CHECK_FALSE(run_blocking(limited(pool, tree, i * 40)));
            CHECK(tree.alive == 0);
        }
    }

    TEST_CASE("the failure of one child ends those that wait, here and on other threads, and is what is thrown") {
        for (const int threads : {1, 2, 4}) {
            thread_pool pool({.threads = threads});
            std::atomic<int> alive = 0;
            const auto on = [](thread_pool& p, std::atomic<int>& n) -> task<> {
                co_await start_on(p, wait_and_fail, std::ref(n));
            };
            CHECK_THROWS_WITH_AS(run_blocking(on(pool, alive)), "enough", std::runtime_error);
            CHECK(alive == 0);
        }
        std::atomic<int> alive = 0;
        CHECK_THROWS_WITH_AS(run_blocking(wait_and_fail(alive)), "enough", std::runtime_error);
        CHECK(alive == 0);
    }

    TEST_CASE("cancellation reaches children that wait and children that only compute, on every thread") {
        for (const int threads : {1, 2, 4}) {
            thread_pool pool({.threads = threads});
            for (const auto work : {wait_both, compute_both}) {
                std::atomic<int> alive = 0;
                const auto on = [](thread_pool& p, task<> (*f)(std::atomic<int>&), std::atomic<int>& n) -> task<> {
                    co_await with_task_group([&](task_group& group) -> task<> {
                        group.start(cancel_when, std::ref(group), std::ref(n), f == wait_both || p.size() > 1 ? 2 : 1);
                        co_await start_on(p, f, std::ref(n));
                    });
                };
                run_blocking(on(pool, work, alive));
                CHECK(alive == 0);
            }
        }
    }

    TEST_CASE("a thousand pools with a tree each are made and destroyed") {
        for (int i = 0; i < 1'000; ++i) {
            thread_pool pool({.threads = 2});
            CHECK(run_blocking(on_pool(pool, 7)) == 13);
        }
    }
}
