// TCP echo with tasks: of one group, or, with `--tasks spawned`, each spawned into the loop on its own, where it has a
// home of its own.

#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>
#include <braid/core/use_task.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "core/echo.hpp"

#include <algorithm>
#include <functional>
#include <string_view>

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

/// As a server has them that accepts its connections in a task.
braid::task<> in_a_group(std::vector<bench::connection>& connections, std::uint64_t times) {
    co_await braid::with_task_group([&](braid::task_group& group) -> braid::task<> {
        for (bench::connection& c : connections) {
            group.start(serve, std::ref(c.server));
            group.start(ask, std::ref(c.client), times);
        }
        co_return;
    });
}

/// As a program has them that accepts its connections in callbacks.
void each_spawned(asio::io_context& loop, std::vector<bench::connection>& connections, std::uint64_t times) {
    for (bench::connection& c : connections) {
        braid::spawn(loop, serve(c.server), asio::detached);
        braid::spawn(loop, ask(c.client, times), asio::detached);
    }
}

}  // namespace

int main(int argc, char** argv) {
    const bool spawned = std::find(argv, argv + argc, std::string_view("spawned")) != argv + argc;
    return bench::run_echo(argc, argv, [&](asio::io_context& loop, auto& connections, std::uint64_t times) {
        if (spawned) return each_spawned(loop, connections, times);
        braid::spawn(loop, in_a_group(connections, times), asio::detached);
    });
}
