// Coroutines started with asio::co_spawn that all wait for a timer. Unit: bytes of the heap for each.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "support/contender.hpp"
#include "support/heap.hpp"

namespace asio = boost::asio;

namespace {

asio::awaitable<void> wait(std::uint64_t& waiting) {
    asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::hours(1));
    ++waiting;
    co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace

int main(int argc, char** argv) {
    const auto asked = bench::parse(argc, argv);
    asio::io_context loop{1};
    const bench::stopwatch watch;
    const std::size_t before = bench::heap_bytes();
    std::uint64_t waiting = 0;
    for (std::uint64_t i = 0; i < asked.operations; ++i) asio::co_spawn(loop, wait(waiting), asio::detached);
    while (waiting < asked.operations) loop.run_one();
    const std::size_t used = bench::heap_bytes() - before;
    bench::report(static_cast<double>(used) / static_cast<double>(asked.operations), watch.cpu_seconds());
}
