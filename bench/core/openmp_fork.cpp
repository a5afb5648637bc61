// Fork and join, as OpenMP tasks.

#include "core/fork_problems.hpp"

#include <array>
#include <cstddef>

namespace {

std::uint64_t fib(std::uint64_t n) {
    if (n < 2) return n;
    std::uint64_t a = 0;
#pragma omp task shared(a) firstprivate(n)
    a = fib(n - 1);
    const std::uint64_t b = fib(n - 2);
#pragma omp taskwait
    return a + b;
}

std::uint64_t skynet(std::uint64_t first, std::uint64_t leaves) {
    if (leaves == 1) return first;
    const std::uint64_t part = leaves / 10;
    std::array<std::uint64_t, 10> sums{};
    for (std::uint64_t i = 1; i < 10; ++i) {
#pragma omp task shared(sums) firstprivate(first, part, i)
        sums[i] = skynet(first + i * part, part);
    }
    sums[0] = skynet(first, part);
#pragma omp taskwait
    std::uint64_t sum = 0;
    for (const std::uint64_t s : sums) sum += s;
    return sum;
}

std::uint64_t queens(bench::board placed, int n) {
    if (placed.rows == n) return 1;
    std::array<std::uint64_t, bench::most_queens> found{};
    for (int column = 0; column < n; ++column) {
        if (!placed.can_place(column)) continue;
        const bench::board next = placed.with(column);
#pragma omp task shared(found) firstprivate(next, column, n)
        found[static_cast<std::size_t>(column)] = queens(next, n);
    }
#pragma omp taskwait
    std::uint64_t sum = 0;
    for (const std::uint64_t f : found) sum += f;
    return sum;
}

template <class F>
std::uint64_t on_team(F work) {
    std::uint64_t result = 0;
#pragma omp parallel num_threads(bench::fork_threads)
#pragma omp single
    result = work();
    return result;
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run_fork_problem(
        bench::parse(argc, argv), [](std::uint64_t n) { return on_team([n] { return fib(n); }); },
        [](std::uint64_t leaves) { return on_team([leaves] { return skynet(0, leaves); }); },
        [](std::uint64_t n) { return on_team([n] { return queens(bench::board{}, static_cast<int>(n)); }); });
}
