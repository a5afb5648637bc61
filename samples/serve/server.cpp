#include "server.hpp"

#include <braid/core/deadline.hpp>
#include <braid/core/shield.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/task_group.hpp>
#include <braid/core/use_task.hpp>

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "answer.hpp"

namespace serve {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr auto use_code = asio::as_tuple(braid::use_task);

tcp::endpoint endpoint_of(const server_options& options) {
    error_code error;
    const auto address = asio::ip::make_address(options.address, error);
    if (error) throw std::runtime_error(fmt::format("\"{}\" is not a numeric address to listen on", options.address));
    return {address, options.port};
}

tcp::acceptor listen_on(const asio::any_io_executor& executor, const tcp::endpoint& where) {
    try {
        tcp::acceptor acceptor(executor, where.protocol());
        acceptor.set_option(asio::socket_base::reuse_address(true));
        acceptor.bind(where);
        acceptor.listen();
        return acceptor;
    } catch (const boost::system::system_error& e) {
        throw std::runtime_error(fmt::format("cannot listen on {} port {}: {}", where.address().to_string(),
                                             where.port(), e.code().message()));
    }
}

std::variant<file_root, synthetic_site> site_of(const server_options& options) {
    if (options.synthetic != 0) return synthetic_site(options.synthetic);
    return file_root(options.root);
}

std::optional<std::ofstream> log_of(const server_options& options) {
    if (options.log.empty()) return std::nullopt;
    std::ofstream log(options.log, std::ios::app);
    if (!log)
        throw std::runtime_error(
            fmt::format("cannot write the log {}: {}", options.log.string(), std::generic_category().message(errno)));
    return log;
}

/// Accepting failed for want of something that other connections will give back.
bool is_shortage(const error_code& error) {
    return error == asio::error::no_descriptors || error == boost::system::errc::too_many_files_open_in_system ||
           error == asio::error::no_buffer_space || error == asio::error::no_memory;
}

/// Nobody is there to be answered.
bool is_gone(const error_code& error) {
    // An error code without an error has the system's category, too.
    return error == http::error::end_of_stream || (error && error.category() == asio::error::get_system_category());
}

}  // namespace

server::server(asio::any_io_executor executor, server_options options)
    : options_(std::move(options)),
      site_(site_of(options_)),
      log_(log_of(options_)),
      acceptor_(listen_on(executor, endpoint_of(options_))) {}

std::string server::url() const {
    const tcp::endpoint where = acceptor_.local_endpoint();
    const std::string address = where.address().to_string();
    return where.address().is_v6() ? fmt::format("http://[{}]:{}/", address, where.port())
                                   : fmt::format("http://{}:{}/", address, where.port());
}

braid::task<> server::run() {
    co_await braid::with_task_group([this](braid::task_group& connections) -> braid::task<> {
        for (;;) {
            auto [error, socket] = co_await acceptor_.async_accept(use_code);
            if (!error) {
                connections.start(&server::serve_connection, this, std::move(socket));
            } else if (is_shortage(error)) {
                co_await braid::sleep_for(std::chrono::milliseconds(100));
            } else if (error != asio::error::connection_aborted) {
                throw std::runtime_error(fmt::format("cannot accept connections: {}", error.message()));
            }
        }
    });
}

/// What a client does wrong ends its own connection and is nobody else's concern.
braid::task<> server::serve_connection(tcp::socket socket) {
    error_code ignored;  // without the option it works too, a little slower
    socket.set_option(tcp::no_delay(true), ignored);
    boost::beast::flat_buffer buffer;
    for (bool keep = true; keep;) {
        http::request_parser<http::empty_body> parser;
        parser.body_limit(0U);
        const auto came =
            co_await braid::move_on_after(options_.idle, http::async_read(socket, buffer, parser, use_code));
        if (!came) co_return;
        const error_code error = std::get<0>(*came);
        if (is_gone(error)) co_return;
        if (!error) note({parser.get().target().data(), parser.get().target().size()});
        // After a request that is none, nobody knows where the next one begins.
        answer reply = error ? refuse_unreadable(error)
                             : std::visit([&parser](const auto& site) { return answer_to(parser.get(), site); }, site_);
        if (options_.delay.count() > 0) co_await braid::sleep_for(options_.delay);
        keep = co_await braid::shield(send(socket, std::move(reply), options_.stalled));
    }
    socket.shutdown(tcp::socket::shutdown_send, ignored);
}

/// Whoever has an answer finds its request in the log.
void server::note(std::string_view target) {
    if (!log_) return;
    *log_ << target << '\n' << std::flush;
    if (!*log_) throw std::runtime_error(fmt::format("cannot write the log {}", options_.log.string()));
}

}  // namespace serve
