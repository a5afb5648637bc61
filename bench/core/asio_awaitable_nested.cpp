// A coroutine that awaits a leaf coroutine, again and again, as asio::awaitable. Unit: nanoseconds for each await.
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

}  // namespace

int main(int argc, char** argv) {
    const auto asked = bench::parse(argc, argv);
    asio::io_context loop{1};
    std::uint64_t result = 0;

    const bench::stopwatch watch;
    asio::co_spawn(loop, root(asked.operations, result), asio::detached);
    loop.run();
    const double wall = watch.wall_seconds();

    if (result != asked.operations) return 1;
    bench::report(wall * 1e9 / static_cast<double>(asked.operations), watch.cpu_seconds());
}
