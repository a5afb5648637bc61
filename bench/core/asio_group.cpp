// Children started with asio::co_spawn and joined: a counter, and a timer that is cancelled when it is zero, which is
// how plain Asio waits for something of its own. Problems: start_join (one child at a time), fan_out (100 at a time).
// Unit: nanoseconds for each child.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "support/contender.hpp"

namespace asio = boost::asio;

namespace {

[[gnu::noinline]] asio::awaitable<void> add(std::uint64_t value, std::uint64_t& sum) {
    sum += value;
    co_return;
}

asio::awaitable<void> start_and_join(std::uint64_t operations, std::uint64_t at_a_time, std::uint64_t& sum) {
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer all_ended(executor, asio::steady_timer::time_point::max());
    for (std::uint64_t done = 0; done < operations; done += at_a_time) {
        std::uint64_t alive = at_a_time;
        for (std::uint64_t i = 0; i < at_a_time; ++i) {
            asio::co_spawn(executor, add(1, sum), [&](const std::exception_ptr&) {
                if (--alive == 0) all_ended.cancel();
            });
        }
        // The handlers run on the loop, so none has run before this wait has begun.
        boost::system::error_code ended;
        co_await all_ended.async_wait(asio::redirect_error(asio::use_awaitable, ended));
    }
}

}  // namespace

int main(int argc, char** argv) {
    const auto asked = bench::parse(argc, argv);
    asio::io_context loop{1};
    std::uint64_t sum = 0;

    const bench::stopwatch watch;
    asio::co_spawn(loop, start_and_join(asked.operations, asked.problem == "fan_out" ? 100 : 1, sum), asio::detached);
    loop.run();
    const double wall = watch.wall_seconds();

    if (sum < asked.operations) return 1;
    bench::report(wall * 1e9 / static_cast<double>(sum), watch.cpu_seconds());
}
