// Fork and join, as coroutines that live on a braid::thread_pool.

#include <braid/core/spawn.hpp>
#include <braid/thread/fork_join.hpp>
#include <braid/thread/start_on.hpp>

#include "core/fork_problems.hpp"

#include <array>
#include <vector>

namespace {

using braid::fork_join;
using braid::task;

task<std::uint64_t> fib(std::uint64_t n) {
    if (n < 2) co_return n;
    auto [a, b] = co_await fork_join(fib(n - 1), fib(n - 2));
    co_return a + b;
}

task<std::uint64_t> skynet(std::uint64_t first, std::uint64_t leaves) {
    if (leaves == 1) co_return first;
    const std::uint64_t part = leaves / 10;
    auto child = [&](std::uint64_t i) { return skynet(first + i * part, part); };
    std::array<task<std::uint64_t>, 10> children{child(0), child(1), child(2), child(3), child(4),
                                                 child(5), child(6), child(7), child(8), child(9)};
    const auto sums = co_await fork_join(std::move(children));
    std::uint64_t sum = 0;
    for (const std::uint64_t s : sums) sum += s;
    co_return sum;
}

task<std::uint64_t> queens(bench::board placed, int n) {
    if (placed.rows == n) co_return 1;
    std::vector<task<std::uint64_t>> children;
    children.reserve(static_cast<std::size_t>(n));
    for (int column = 0; column < n; ++column) {
        if (placed.can_place(column)) children.push_back(queens(placed.with(column), n));
    }
    const auto found = co_await fork_join(std::move(children));
    std::uint64_t sum = 0;
    for (const std::uint64_t f : found) sum += f;
    co_return sum;
}

}  // namespace

int main(int argc, char** argv) {
    braid::thread_pool pool({.threads = bench::fork_threads});
    const auto on_pool = [&]<class... Args>(auto f, Args... args) {
        return braid::run_blocking([](braid::thread_pool& p, auto g, Args... a) -> task<std::uint64_t> {
            co_return co_await braid::start_on(p, g, a...);
        }(pool, f, args...));
    };
    return bench::run_fork_problem(
        bench::parse(argc, argv), [&](std::uint64_t n) { return on_pool(fib, n); },
        [&](std::uint64_t leaves) { return on_pool(skynet, std::uint64_t{0}, leaves); },
        [&](std::uint64_t n) { return on_pool(queens, bench::board{}, static_cast<int>(n)); });
}
