// TCP echo with tasks.

#include <braid/core/spawn.hpp>
#include <braid/core/use_task.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "core/echo.hpp"

namespace asio = boost::asio;
using braid::use_task;

namespace {

braid::task<> serve(bench::tcp::socket& socket) {
    bench::message data;
    for (;;) {
        const auto [error, size] = co_await socket.async_read_some(asio::buffer(data), asio::as_tuple(use_task));
        if (error) co_return;
        co_await asio::async_write(socket, asio::buffer(data, size), use_task);
    }
}

braid::task<> ask(bench::tcp::socket& socket, std::uint64_t times) {
    bench::message data{};
    for (std::uint64_t i = 0; i < times; ++i) {
        co_await asio::async_write(socket, asio::buffer(data), use_task);
        co_await asio::async_read(socket, asio::buffer(data), use_task);
    }
    socket.close();
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run_echo(argc, argv, [](asio::io_context& loop, bench::connection& c, std::uint64_t times) {
        braid::spawn(loop, serve(c.server), asio::detached);
        braid::spawn(loop, ask(c.client, times), asio::detached);
    });
}
