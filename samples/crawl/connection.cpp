#include "connection.hpp"

#include <braid/core/use_task.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <utility>

namespace crawl {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr auto use_code = asio::as_tuple(braid::use_task);
constexpr std::uint32_t head_limit = 64 * 1024;
// Bodies are read in pieces of up to this size.
constexpr std::size_t read_size = 64 * 1024;

}  // namespace

connection::connection(asio::any_io_executor executor) : socket_(std::move(executor)) { buffer_.reserve(read_size); }

braid::task<error_code> connection::open(std::vector<tcp::endpoint> to) {
    const error_code error = std::get<0>(co_await asio::async_connect(socket_, std::move(to), use_code));
    error_code ignored;  // without the option it works too, a little slower
    if (!error) socket_.set_option(tcp::no_delay(true), ignored);
    co_return error;
}

braid::task<error_code> connection::secure(asio::ssl::context& how, std::string host) {
    tls_.emplace(socket_, how);
    expect_host(*tls_, host);
    co_return std::get<0>(co_await tls_->async_handshake(tls_stream::client, use_code));
}

std::string connection::certificate_problem() { return tls_ ? crawl::certificate_problem(*tls_) : std::string(); }

braid::task<error_code> connection::exchange_heads(const http_request& asked, body_limit limit) {
    return tls_ ? exchange_heads_over(*tls_, asked, limit) : exchange_heads_over(socket_, asked, limit);
}

braid::task<error_code> connection::read_some() { return tls_ ? read_some_from(*tls_) : read_some_from(socket_); }

template <class Stream>
braid::task<error_code> connection::exchange_heads_over(Stream& stream, const http_request& asked, body_limit limit) {
    ++exchanges_;
    parser_.emplace();
    error_code error = std::get<0>(co_await http::async_write(stream, asked, use_code));
    // The server may have answered before it closed: a write that failed does not keep that from being read.
    const bool write_failed = error.failed();
    do {
        parser_.emplace();
        parser_->header_limit(head_limit);
        parser_->body_limit(boost::none);  // decoded_body has its own
        parser_->get().body().limit = limit;
        const error_code read_error =
            std::get<0>(co_await http::async_read_header(stream, buffer_, *parser_, use_code));
        if (read_error && !(write_failed && !answered())) error = read_error;
        if (read_error) co_return error;
        error = {};
    } while (answer().result_int() / 100 == 1 && answer().result_int() != 101);  // announcements of the response proper
    parser_->eager(true);
    co_return error;
}

template <class Stream>
braid::task<error_code> connection::read_some_from(Stream& stream) {
    co_return std::get<0>(co_await http::async_read_some(stream, buffer_, *parser_, use_code));
}

bool connection::reusable() const {
    // Bytes that nobody asked for belong to no later response.
    return parser_ && parser_->is_done() && parser_->keep_alive() && buffer_.size() == 0 && socket_.is_open();
}

}  // namespace crawl
