// Nested awaits, as asio::awaitable. Problems: nested_await (a leaf, again and again), chain (1,000 deep, for each
// level). Unit: nanoseconds for each await.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "support/contender.hpp"

namespace asio = boost::asio;

namespace {

[[gnu::noinline]] asio::awaitable<std::uint64_t> leaf(std::uint64_t n) { co_return n + 1; }

asio::awaitable<void> root(std::uint64_t operations, std::uint64_t& result) {
    std::uint64_t sum = 0;
    while (sum != operations) sum = co_await leaf(sum);
    result = sum;
}

asio::awaitable<std::uint64_t> down(std::uint64_t depth) {
    if (depth == 0) co_return 0;
    co_return 1 + co_await down(depth - 1);
}

asio::awaitable<void> chains(std::uint64_t operations, std::uint64_t& result) {
    constexpr std::uint64_t depth = 1000;
    std::uint64_t levels = 0;
    while (levels < operations) levels += co_await down(depth);
    result = levels;
}

}  // namespace

int main(int argc, char** argv) {
    const auto asked = bench::parse(argc, argv);
    asio::io_context loop{1};
    std::uint64_t result = 0;

    const bench::stopwatch watch;
    asio::co_spawn(loop, asked.problem == "chain" ? chains(asked.operations, result) : root(asked.operations, result),
                   asio::detached);
    loop.run();
    const double wall = watch.wall_seconds();

    if (result < asked.operations) return 1;
    bench::report(wall * 1e9 / static_cast<double>(result), watch.cpu_seconds());
}
