// What calls meet on their way into the queue of a pool: its end, their own, and its threads going to sleep.

#include <braid/core/spawn.hpp>
#include <braid/thread/thread_pool.hpp>

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <functional>
#include <thread>
#include <vector>

using namespace braid;

namespace {

void count(std::atomic<int>& n) { ++n; }

/// Submits until it is refused. Gives how many were taken.
int submit_until_closed(thread_pool& pool, std::atomic<int>& ran) {
    std::vector<job<>> taken;
    try {
        for (;;) taken.push_back(pool.submit(count, std::ref(ran)));
    } catch (const closed&) {
    }
    for (auto& j : taken) j.get_blocking();
    return static_cast<int>(taken.size());
}

}  // namespace

TEST_SUITE("thread/arrivals") {
    TEST_CASE("calls that race the end of their pool are refused or run, one or the other, a hundred times") {
        for (int round = 0; round < 100; ++round) {
            thread_pool pool({.threads = 2});
            std::atomic<int> ran = 0;
            std::array<int, 3> taken{};
            {
                std::vector<std::jthread> submitters;
                for (int& n : taken) submitters.emplace_back([&] { n = submit_until_closed(pool, ran); });
                while (ran < round) std::this_thread::yield();
                run_blocking([](thread_pool& p) -> task<> { co_await p.close(); }(pool));
            }
            CHECK(ran == taken[0] + taken[1] + taken[2]);
        }
    }

    TEST_CASE("a call that comes while the last thread goes to sleep is run, 20,000 times") {
        thread_pool pool({.threads = 1});
        std::atomic<int> ran = 0;
        for (int i = 0; i < 20'000; ++i) {
            pool.submit(count, std::ref(ran)).get_blocking();
            for (int pause = i % 50; pause > 0; --pause) std::atomic_signal_fence(std::memory_order_seq_cst);
        }
        CHECK(ran == 20'000);
    }

    TEST_CASE("calls are run in the order in which one thread gave them") {
        thread_pool pool({.threads = 1});
        std::vector<int> order;
        std::vector<job<>> jobs;
        for (int i = 0; i < 1'000; ++i) jobs.push_back(pool.submit([&order](int x) { order.push_back(x); }, i));
        for (auto& j : jobs) j.get_blocking();
        for (std::size_t i = 0; i < order.size(); ++i) REQUIRE(order[i] == static_cast<int>(i));
        CHECK(order.size() == 1'000);
    }
}
