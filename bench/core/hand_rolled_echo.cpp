// TCP echo with callbacks: no coroutine, no state but buffer and counter.

#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "core/echo.hpp"

#include <memory>

namespace asio = boost::asio;

namespace {

struct server {
    bench::tcp::socket& socket;
    bench::message data{};

    static void read(std::unique_ptr<server> self) {
        server& s = *self;
        s.socket.async_read_some(asio::buffer(s.data), [self = std::move(self)](auto error, std::size_t size) mutable {
            if (!error) write(std::move(self), size);
        });
    }
    static void write(std::unique_ptr<server> self, std::size_t size) {
        server& s = *self;
        asio::async_write(s.socket, asio::buffer(s.data, size),
                          [self = std::move(self)](auto, std::size_t) mutable { read(std::move(self)); });
    }
};

struct client {
    bench::tcp::socket& socket;
    std::uint64_t left;
    bench::message data{};

    static void write(std::unique_ptr<client> self) {
        client& c = *self;
        if (c.left-- == 0) return c.socket.close();
        asio::async_write(c.socket, asio::buffer(c.data),
                          [self = std::move(self)](auto, std::size_t) mutable { read(std::move(self)); });
    }
    static void read(std::unique_ptr<client> self) {
        client& c = *self;
        asio::async_read(c.socket, asio::buffer(c.data),
                         [self = std::move(self)](auto, std::size_t) mutable { write(std::move(self)); });
    }
};

}  // namespace

int main(int argc, char** argv) {
    return bench::run_echo(argc, argv, [](asio::io_context&, auto& connections, std::uint64_t times) {
        for (bench::connection& c : connections) {
            server::read(std::unique_ptr<server>(new server{c.server}));
            client::write(std::unique_ptr<client>(new client{c.client, times}));
        }
    });
}
