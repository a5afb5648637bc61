// Random trees of groups, combinators and deadlines, failing and cancelled at random: whatever happens, nothing of a
// scope is left when it has ended. Each seed is one tree; a failure names it.

#include <braid/core/as_result.hpp>
#include <braid/core/deadline.hpp>
#include <braid/core/shield.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>
#include <braid/core/when_all.hpp>
#include <braid/core/when_any.hpp>
#include <braid/flow/as_completed.hpp>
#include <braid/flow/map_concurrent.hpp>

#include <support/cancel_everywhere.hpp>
#include <support/sanitized.hpp>

#include <doctest/doctest.h>

#include <functional>
#include <random>
#include <ranges>
#include <stdexcept>
#include <vector>

using namespace braid;
using namespace std::chrono_literals;
using braid_test::witness;

namespace {

struct forest {
    std::mt19937 random;
    int alive = 0;
    long grown = 0;

    int below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random); }
};

task<int> grow(forest& f, int depth);

task<int> leaf(forest& f) {
    switch (f.below(5)) {
        case 0: co_return 1;
        case 1: co_await checkpoint(); break;
        case 2: co_await sleep_for(std::chrono::microseconds(f.below(50))); break;
        case 3:
            for (int i = f.below(20); i > 0; --i) co_await checkpoint();
            break;
        default:
            if (f.below(10) == 0) throw std::runtime_error("a leaf fell");
    }
    co_return 1;
}

task<> serve(forest& f) {
    const witness here(f.alive);
    co_await sleep_for(1h);
}

task<int> group(forest& f, int depth) {
    const int children = 1 + f.below(4);
    const bool gives_up = f.below(8) == 0;
    co_return co_await with_task_group([&](task_group& g) -> task<int> {
        const witness here(f.alive);
        std::vector<job<int>> handles;
        g.start_daemon(serve, std::ref(f));
        for (int i = 0; i < children; ++i) {
            switch (f.below(3)) {
                case 0: g.start(grow, std::ref(f), depth - 1); break;
                case 1: handles.push_back(g.submit(grow, std::ref(f), depth - 1)); break;
                default:
                    co_await g.start_ready(
                        [](ready_signal<> ready, forest& trees, int below) -> task<> {
                            const witness child(trees.alive);
                            if (trees.below(3) != 0) co_await grow(trees, below);
                            ready();
                            co_await grow(trees, below);
                        },
                        std::ref(f), depth - 1);
            }
        }
        if (gives_up) g.cancel();
        if (f.below(2) == 0) handles.clear();
        int sum = 0;
        for (job<int>& handle : handles) sum += co_await handle;
        co_return sum;
    });
}

std::vector<task<int>> several(forest& f, int depth) {
    std::vector<task<int>> work;
    for (int i = 1 + f.below(4); i > 0; --i) work.push_back(grow(f, depth - 1));
    return work;
}

task<int> grow(forest& f, int depth) {
    const witness here(f.alive);
    ++f.grown;
    if (depth == 0) co_return co_await leaf(f);
    const auto time = std::chrono::microseconds(f.below(2000));
    switch (f.below(10)) {
        case 0: co_await when_all(several(f, depth)); break;
        case 1: co_await when_any(several(f, depth)); break;
        case 2: co_await when_all_settled(several(f, depth)); break;
        case 3: co_await as_completed(several(f, depth)).collect(); break;
        case 4: co_await move_on_after(time, grow(f, depth - 1)); break;
        case 5: static_cast<void>(co_await as_result(fail_after(time, grow(f, depth - 1)))); break;
        case 6: static_cast<void>(co_await shield(as_result(grow(f, depth - 1)))); break;
        case 7: {
            auto results =
                map_concurrent(2, std::views::iota(0, 4), [&f, depth](int) -> task<int> { return grow(f, depth - 1); });
            co_await results.next();  // the rest is dropped
            break;
        }
        default: co_return co_await group(f, depth);
    }
    co_return 1;
}

}  // namespace

TEST_SUITE("core/random trees") {
    TEST_CASE("nothing is left of any tree, however it ended") {
        constexpr unsigned trees = braid_test::sanitized ? 300 : 3000;
        long grown = 0;
        for (unsigned seed = 0; seed < trees; ++seed) {
            CAPTURE(seed);
            forest f{.random = std::mt19937(seed)};
            run_blocking([](forest& here) -> task<> {
                // A scope around it takes over what dropped streams leave.
                co_await with_task_group(
                    [&](task_group&) -> task<> { static_cast<void>(co_await as_result(grow(here, 4))); });
            }(f));
            CHECK(f.alive == 0);
            grown += f.grown;
        }
        CHECK(grown > trees);
    }

    TEST_CASE("nothing is left of any tree that is felled before some step") {
        constexpr unsigned trees = braid_test::sanitized ? 100 : 1000;
        int felled = 0;
        for (unsigned seed = 0; seed < trees; ++seed) {
            CAPTURE(seed);
            forest f{.random = std::mt19937(seed)};
            const auto step = static_cast<std::size_t>(f.below(100));
            const auto run = braid_test::cancel_before_step(step, [&f](int&) -> task<> {
                co_await with_task_group([&](task_group&) -> task<> { co_await grow(f, 4); });
            });
            felled += run.how == braid_test::ending::cancelled;
            CHECK(f.alive == 0);
        }
        CHECK(felled > 0);
    }
}
