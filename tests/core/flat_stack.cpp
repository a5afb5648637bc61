// A program of its own, so that it can be compiled in ways that the rest is not: awaits in great numbers, and in great
// depth, must not grow the stack, which is made small for it. See flat_stack.cmake.

#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task.hpp>

#include <cstdio>
#include <cstdlib>

namespace {

braid::task<int> give(int value) { co_return value; }

braid::task<int> one_after_the_other(int awaits) {
    int sum = 0;
    for (int i = 0; i < awaits; ++i) sum += co_await give(1);
    co_return sum;
}

braid::task<int> that_suspend(int awaits) {
    int sum = 0;
    for (int i = 0; i < awaits; ++i) {
        co_await braid::checkpoint();
        ++sum;
    }
    co_return sum;
}

enum class at_the_bottom { returns, suspends, throws };

braid::task<int> chain(int depth, at_the_bottom what) {
    if (depth == 0) {
        if (what == at_the_bottom::throws) throw 7;
        if (what == at_the_bottom::suspends) co_await braid::checkpoint();
        co_return 0;
    }
    const int below = co_await chain(depth - 1, what);
    co_return 1 + below;
}

void expect(const char* what, int found, int expected) {
    if (found == expected) return;
    std::fprintf(stderr, "%s: %d instead of %d\n", what, found, expected);
    std::exit(1);
}

int thrown_through(int levels) {
    try {
        return braid::run_blocking(chain(levels, at_the_bottom::throws));
    } catch (int value) {
        return value;
    }
}

}  // namespace

int main() {
    constexpr int many = 1'000'000;
    constexpr int deep = 100'000;
    expect("awaits one after the other", braid::run_blocking(one_after_the_other(many)), many);
    expect("awaits that suspend", braid::run_blocking(that_suspend(many)), many);
    expect("a chain", braid::run_blocking(chain(deep, at_the_bottom::returns)), deep);
    expect("a chain that suspends", braid::run_blocking(chain(deep, at_the_bottom::suspends)), deep);
    expect("a chain that throws", thrown_through(deep), 7);
}
