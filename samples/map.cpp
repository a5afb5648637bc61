// A range of items through a pool of processes, as a stream of results in their order.
#include <braid/braid.hpp>
#include <fmt/core.h>

#include <ranges>

long collatz_steps(long n) {
    long steps = 0;
    for (; n != 1; ++steps) n = n % 2 == 0 ? n / 2 : 3 * n + 1;
    return steps;
}

braid::task<> app() {
    braid::process_pool pool;
    auto steps = pool.map(collatz_steps, std::views::iota(1L));  // endless: only what is asked for is computed
    for (long n = 1; auto result = co_await steps.next(); ++n) {
        if (*result < 100) continue;
        fmt::print("{} is the first to take 100 steps or more: {}\n", n, *result);
        break;
    }
}

int main(int argc, char** argv) { return braid::run(argc, argv, app); }
