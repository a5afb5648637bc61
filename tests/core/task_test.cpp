#include <braid/core/task.hpp>

#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>

using namespace braid;
using namespace std::chrono_literals;

namespace {

task<int> give(int value) { co_return value; }
task<int> chain(int depth) {
    if (depth == 0) co_return 0;
    const int below = co_await chain(depth - 1);
    co_return 1 + below;
}
task<int> chain_that_waits(int depth) {
    if (depth == 0) {
        co_await checkpoint();
        co_return 0;
    }
    const int below = co_await chain_that_waits(depth - 1);
    co_return 1 + below;
}
task<int> chain_that_throws(int depth) {
    if (depth == 0) throw std::runtime_error("bottom");
    co_return co_await chain_that_throws(depth - 1);
}

}  // namespace

TEST_SUITE("core/task") {
    TEST_CASE("a task gives the value that its coroutine returned") { CHECK(run_blocking(give(7)) == 7); }

    TEST_CASE("a task is lazy: dropped, it never ran") {
        bool ran = false;
        {
            auto work = [](bool& flag) -> task<> {
                flag = true;
                co_return;
            };
            auto dropped = work(ran);
        }
        CHECK_FALSE(ran);
    }

    TEST_CASE("a task gives references and move-only values") {
        int original = 1;
        auto reference = [](int& x) -> task<int&> { co_return x; };
        auto owner = []() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(5); };
        run_blocking([](auto& ref, auto& own, int& x) -> task<> {
            int& same = co_await ref(x);
            same = 2;
            auto p = co_await own();
            CHECK(*p == 5);
        }(reference, owner, original));
        CHECK(original == 2);
    }

    TEST_CASE("an exception arrives where the task is awaited") {
        CHECK_THROWS_WITH_AS(run_blocking(chain_that_throws(10)), "bottom", std::runtime_error);
    }

    TEST_CASE("a million awaits one after the other do not grow the stack") {
        auto many = []() -> task<long> {
            long sum = 0;
            for (int i = 0; i < 1'000'000; ++i) sum += co_await give(1);
            co_return sum;
        };
        CHECK(run_blocking(many()) == 1'000'000);
    }

    TEST_CASE("a chain of 100,000 awaits does not overflow the stack, whether it suspends or not") {
        CHECK(run_blocking(chain(100'000)) == 100'000);
        CHECK(run_blocking(chain_that_waits(100'000)) == 100'000);
    }

    TEST_CASE("run_blocking inside a coroutine is an error instead of a stopped loop") {
        auto bad = []() -> task<int> { co_return run_blocking(give(1)); };
        CHECK_THROWS_AS(run_blocking(bad()), usage_error);
    }
}
