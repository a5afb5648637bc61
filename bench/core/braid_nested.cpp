// A nested await of a leaf coroutine, as braid::task.

#include <braid/core/spawn.hpp>
#include <braid/core/task.hpp>

#include "support/contender.hpp"

namespace {

[[gnu::noinline]] braid::task<int> leaf(int value) { co_return value; }

braid::task<long> sum(std::uint64_t operations) {
    long total = 0;
    for (std::uint64_t i = 0; i < operations; ++i) total += co_await leaf(static_cast<int>(i));
    co_return total;
}

}  // namespace

int main(int argc, char** argv) {
    const bench::request asked = bench::parse(argc, argv);
    const bench::stopwatch watch;
    const volatile long total = braid::run_blocking(sum(asked.operations));
    static_cast<void>(total);
    bench::report(watch.wall_seconds() / static_cast<double>(asked.operations) * 1e9, watch.cpu_seconds());
}
