// TCP echo with asio::awaitable.

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "core/echo.hpp"

namespace asio = boost::asio;
using asio::use_awaitable;

namespace {

asio::awaitable<void> serve(bench::tcp::socket& socket) {
    bench::message data;
    for (;;) {
        const auto [error, size] = co_await socket.async_read_some(asio::buffer(data), asio::as_tuple(use_awaitable));
        if (error) co_return;
        co_await asio::async_write(socket, asio::buffer(data, size), use_awaitable);
    }
}

asio::awaitable<void> ask(bench::tcp::socket& socket, std::uint64_t times) {
    bench::message data{};
    for (std::uint64_t i = 0; i < times; ++i) {
        co_await asio::async_write(socket, asio::buffer(data), use_awaitable);
        co_await asio::async_read(socket, asio::buffer(data), use_awaitable);
    }
    socket.close();
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run_echo(argc, argv, [](asio::io_context& loop, auto& connections, std::uint64_t times) {
        for (bench::connection& c : connections) {
            asio::co_spawn(loop, serve(c.server), asio::detached);
            asio::co_spawn(loop, ask(c.client, times), asio::detached);
        }
    });
}
