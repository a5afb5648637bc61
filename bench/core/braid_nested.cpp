// Nested awaits, as braid::task. Problems: nested_await (a leaf, again and again), chain (1,000 deep, for each level).
// Unit: nanoseconds for each await.
#include <braid/core/spawn.hpp>
#include <braid/core/task.hpp>

#include "support/contender.hpp"

namespace {

[[gnu::noinline]] braid::task<std::uint64_t> leaf(std::uint64_t n) { co_return n + 1; }

braid::task<std::uint64_t> root(std::uint64_t operations) {
    std::uint64_t sum = 0;
    while (sum != operations) sum = co_await leaf(sum);
    co_return sum;
}

braid::task<std::uint64_t> down(std::uint64_t depth) {
    if (depth == 0) co_return 0;
    co_return 1 + co_await down(depth - 1);
}

braid::task<std::uint64_t> chains(std::uint64_t operations) {
    constexpr std::uint64_t depth = 1000;
    std::uint64_t levels = 0;
    while (levels < operations) levels += co_await down(depth);
    co_return levels;
}

}  // namespace

int main(int argc, char** argv) {
    const bench::request asked = bench::parse(argc, argv);
    const bench::stopwatch watch;
    const bool is_chain = asked.problem == "chain";
    const std::uint64_t result = braid::run_blocking(is_chain ? chains(asked.operations) : root(asked.operations));
    const double wall = watch.wall_seconds();

    if (result < asked.operations) return 1;
    bench::report(wall * 1e9 / static_cast<double>(result), watch.cpu_seconds());
}
