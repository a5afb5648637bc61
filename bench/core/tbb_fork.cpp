// Fork and join, as oneTBB's task_group.

#include "core/fork_problems.hpp"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

#include <array>
#include <cstddef>

namespace {

using tbb::task_group;

std::uint64_t fib(std::uint64_t n) {
    if (n < 2) return n;
    std::uint64_t a = 0;
    task_group group;
    group.run([&a, n] { a = fib(n - 1); });
    const std::uint64_t b = fib(n - 2);
    group.wait();
    return a + b;
}

std::uint64_t skynet(std::uint64_t first, std::uint64_t leaves) {
    if (leaves == 1) return first;
    const std::uint64_t part = leaves / 10;
    std::array<std::uint64_t, 10> sums{};
    task_group group;
    for (std::uint64_t i = 1; i < 10; ++i)
        group.run([&sums, first, part, i] { sums[i] = skynet(first + i * part, part); });
    sums[0] = skynet(first, part);
    group.wait();
    std::uint64_t sum = 0;
    for (const std::uint64_t s : sums) sum += s;
    return sum;
}

std::uint64_t queens(const bench::board& placed, int n) {
    if (placed.rows == n) return 1;
    std::array<std::uint64_t, bench::most_queens> found{};
    task_group group;
    for (int column = 0; column < n; ++column) {
        if (!placed.can_place(column)) continue;
        group.run([&found, next = placed.with(column), column, n] {
            found[static_cast<std::size_t>(column)] = queens(next, n);
        });
    }
    group.wait();
    std::uint64_t sum = 0;
    for (const std::uint64_t f : found) sum += f;
    return sum;
}

}  // namespace

int main(int argc, char** argv) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, bench::fork_threads);
    tbb::task_arena arena(bench::fork_threads);
    return bench::run_fork_problem(
        bench::parse(argc, argv), [&](std::uint64_t n) { return arena.execute([n] { return fib(n); }); },
        [&](std::uint64_t leaves) { return arena.execute([leaves] { return skynet(0, leaves); }); },
        [&](std::uint64_t n) { return arena.execute([n] { return queens(bench::board{}, static_cast<int>(n)); }); });
}
