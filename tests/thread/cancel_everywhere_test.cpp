// Every wait for a thread, cancelled at each of its steps.

#include "support/cancel_everywhere.hpp"

#include <braid/core/sleep.hpp>
#include <braid/core/stop.hpp>
#include <braid/core/task_group.hpp>
#include <braid/thread/blocking_pool.hpp>
#include <braid/thread/fork_join.hpp>
#include <braid/thread/start_on.hpp>
#include <braid/thread/thread_pool.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>
#include <vector>

using namespace braid;
using namespace std::chrono_literals;
using braid_test::cancel_everywhere;
using braid_test::witness;

namespace {

/// Calls that run at the moment. Those of a witness are counted on one thread only.
using running = std::atomic<int>;

int compute(running& calls) {
    ++calls;
    for (int i = 0; i < 100 && !stop_requested(); ++i) std::this_thread::yield();
    --calls;
    return 1;
}

struct present {
    explicit present(running& calls) noexcept : calls_(calls) { ++calls_; }
    present(const present&) = delete;
    present& operator=(const present&) = delete;
    ~present() { --calls_; }
    running& calls_;
};

task<int> live(running& calls) {
    const present here(calls);
    co_await checkpoint();
    co_await sleep_for(20us);
    co_await checkpoint();
    co_return 1;
}

task<int> grow(running& calls, int depth) {
    const present here(calls);
    if (depth == 0) co_return co_await live(calls);
    auto [left, right] = co_await fork_join(grow(calls, depth - 1), grow(calls, depth - 1));
    co_return left + right;
}

/// Nothing may run any more once what `work(pool, calls)` returned has been awaited.
template <class Work>
void stops_everywhere(Work work) {
    thread_pool pool({.threads = 2});
    cancel_everywhere([&pool, work](int& alive) -> task<> {
        const witness here(alive);
        running calls = 0;
        try {
            co_await work(pool, calls);
        } catch (...) {
            CHECK(calls == 0);
            throw;
        }
        CHECK(calls == 0);
    });
}

}  // namespace

TEST_SUITE("thread/cancellation") {
    TEST_CASE("calls that are awaited have ended, or never begin") {
        stops_everywhere([](thread_pool& pool, running& calls) -> task<> {
            co_await checkpoint();
            co_await pool.run(compute, std::ref(calls));
            co_await pool.run(live, std::ref(calls));
            co_await checkpoint();
        });
        stops_everywhere([](thread_pool&, running& calls) -> task<> {
            blocking_pool pool;
            co_await checkpoint();
            co_await pool.run(compute, std::ref(calls));
        });
    }

    TEST_CASE("calls behind handles have ended when the scope of the handles has") {
        stops_everywhere([](thread_pool& pool, running& calls) -> task<> {
            co_await with_task_group([&](task_group&) -> task<> {
                auto one = pool.submit(compute, std::ref(calls));
                auto other = pool.submit(compute, std::ref(calls));
                co_await checkpoint();
                co_await one;
                co_await checkpoint();
            });
        });
    }

    TEST_CASE("a caller that abandons its call goes on without it") {
        running calls = 0;
        thread_pool pool({.threads = 2});
        cancel_everywhere([&](int& alive) -> task<> {
            const witness here(alive);
            co_await pool.run(abandon_on_cancel, compute, std::ref(calls));
            co_await checkpoint();
        });
    }

    TEST_CASE("maps leave nothing running behind their scope") {
        stops_everywhere([](thread_pool& pool, running& calls) -> task<> {
            const std::vector<int> items{1, 2, 3, 4, 5, 6};
            const auto call = [&calls](int) { return compute(calls); };
            co_await with_task_group([&](task_group&) -> task<> {
                co_await pool.map(call, items).collect();
                co_await pool.map_unordered(call, items).collect();
            });
        });
    }

    TEST_CASE("coroutines that live on a pool have unwound") {
        stops_everywhere([](thread_pool& pool, running& calls) -> task<> {
            co_await start_on(pool, live, std::ref(calls));
            co_await checkpoint();
        });
        stops_everywhere([](thread_pool& pool, running& calls) -> task<> {
            co_await start_on(pool, grow, std::ref(calls), 3);
            co_await checkpoint();
        });
        stops_everywhere([](thread_pool&, running& calls) -> task<> {
            co_await grow(calls, 2);
            co_await checkpoint();
        });
    }

    TEST_CASE("a wait for a pool to be done ends alone: what was there goes on") {
        running calls = 0;
        cancel_everywhere([&calls](int& alive) -> task<> {
            const witness here(alive);
            thread_pool pool({.threads = 1});
            auto job = pool.submit(compute, std::ref(calls));
            co_await checkpoint();
            co_await pool.close();
            CHECK(job.done());
            co_await checkpoint();
        });
        CHECK(calls == 0);
    }
}
