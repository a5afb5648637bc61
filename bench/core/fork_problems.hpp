#pragma once
// The problems of fork and join that every contender solves in its own way: their sizes and their right answers.
// `operations` is the size: n of fib and of the queens, the leaves of the skynet.

#include "support/contender.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstdint>
#include <utility>

namespace bench {

inline constexpr int fork_threads = 2;

// --- fib: a task for each call

inline std::uint64_t fib_value(std::uint64_t n) {
    std::uint64_t a = 0;
    for (std::uint64_t b = 1; n > 0; --n) a = std::exchange(b, a + b);
    return a;
}
inline std::uint64_t fib_nodes(std::uint64_t n) { return 2 * fib_value(n + 1) - 1; }

// --- skynet: ten children each, down to the leaves, which give their number; the rest gives the sum

inline std::uint64_t skynet_value(std::uint64_t leaves) { return leaves * (leaves - 1) / 2; }

// --- queens: a task for each board on which no queen attacks another

inline constexpr std::size_t most_queens = 14;
struct board {
    std::array<signed char, most_queens> column{};
    int rows = 0;

    [[nodiscard]] bool can_place(int where) const {
        for (int row = 0; row < rows; ++row) {
            const int there = column[static_cast<std::size_t>(row)];
            if (there == where || std::abs(there - where) == rows - row) return false;
        }
        return true;
    }
    [[nodiscard]] board with(int where) const {
        board next = *this;
        next.column[static_cast<std::size_t>(next.rows++)] = static_cast<signed char>(where);
        return next;
    }
};
inline std::uint64_t queens_value(std::uint64_t n) {
    constexpr std::array<std::uint64_t, most_queens> solutions{1,  1,  0,   0,   2,     10,     4,
                                                               40, 92, 352, 724, 2'680, 14'200, 73'712};
    return solutions.at(n);
}

/// Runs the problem that is asked for: some rounds, so that what a run costs is not what starting the threads costs.
/// The value is the wall time of a round in milliseconds, or for fib the CPU time of a node in nanoseconds.
template <class Fib, class Skynet, class Queens>
int run_fork_problem(const request& asked, Fib fib, Skynet skynet, Queens queens) {
    const std::uint64_t size = asked.operations;
    constexpr int rounds = 5;
    double best_wall = 1e9;
    double best_cpu = 1e9;
    for (int i = 0; i < rounds; ++i) {
        const stopwatch watch;
        bool right = false;
        if (asked.problem == "fib") right = fib(size) == fib_value(size);
        if (asked.problem == "skynet") right = skynet(size) == skynet_value(size);
        if (asked.problem == "nqueens") right = queens(size) == queens_value(size);
        best_wall = std::min(best_wall, watch.wall_seconds());
        best_cpu = std::min(best_cpu, watch.cpu_seconds());
        if (!right) return 1;
    }
    if (asked.problem == "fib") {
        report(best_cpu * 1e9 / static_cast<double>(fib_nodes(size)), best_cpu);
    } else {
        report(best_wall * 1e3, best_cpu);
    }
    return 0;
}

}  // namespace bench
