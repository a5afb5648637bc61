// Values through Asio's experimental channel. Unit: nanoseconds for each value.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/experimental/concurrent_channel.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <thread>

#include "support/contender.hpp"

namespace asio = boost::asio;

namespace {

using one_loop_channel = asio::experimental::channel<void(boost::system::error_code, std::uint64_t)>;
using thread_channel = asio::experimental::concurrent_channel<void(boost::system::error_code, std::uint64_t)>;

template <class Channel>
asio::awaitable<void> produce(Channel& into, std::uint64_t count) {
    for (std::uint64_t i = 1; i <= count; ++i) {
        co_await into.async_send(boost::system::error_code(), i, asio::use_awaitable);
    }
}

template <class Channel>
asio::awaitable<void> consume(Channel& from, std::uint64_t count, std::uint64_t& sum) {
    for (std::uint64_t i = 0; i < count; ++i) sum += co_await from.async_receive(asio::use_awaitable);
}

void one_loop(std::size_t capacity, std::uint64_t count, std::uint64_t& sum) {
    asio::io_context loop{1};
    one_loop_channel ch(loop, capacity);
    asio::co_spawn(loop, produce(ch, count), asio::detached);
    asio::co_spawn(loop, consume(ch, count, sum), asio::detached);
    loop.run();
}

void two_threads(std::uint64_t tasks, std::uint64_t count, std::uint64_t& sum) {
    asio::io_context here{1};
    asio::io_context there{1};
    thread_channel ch(here, 1024);
    for (std::uint64_t i = 0; i < tasks; ++i) {
        asio::co_spawn(there, produce(ch, count / tasks), asio::detached);
        asio::co_spawn(here, consume(ch, count / tasks, sum), asio::detached);
    }
    std::thread producer([&] { there.run(); });
    here.run();
    producer.join();
}

}  // namespace

int main(int argc, char** argv) {
    bench::request asked = bench::parse(argc, argv);
    asked.operations = (asked.operations + 3) / 4 * 4;
    std::uint64_t sum = 0;
    const bench::stopwatch watch;
    if (asked.problem == "channel_rendezvous") {
        one_loop(0, asked.operations, sum);
    } else if (asked.problem == "channel_buffered") {
        one_loop(64, asked.operations, sum);
    } else {
        two_threads(asked.problem == "channel_threads_4_4" ? 4 : 1, asked.operations, sum);
    }
    const double wall = watch.wall_seconds();
    if (sum == 0) return 1;
    bench::report(wall / static_cast<double>(asked.operations) * 1e9, watch.cpu_seconds());
}
