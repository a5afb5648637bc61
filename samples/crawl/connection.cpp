#include "connection.hpp"

#include <braid/core/use_task.hpp>

#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/beast/core/read_size.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <cerrno>
#include <sstream>
#include <utility>

namespace crawl {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr auto use_code = asio::as_tuple(braid::use_task);
// Of a response and of the announcements before it together: there may be any number of those.
constexpr std::uint32_t head_limit = 64 * 1024;
// Bodies are read in pieces of up to this size.
constexpr std::size_t read_size = 64 * 1024;
// What is kept until more of it has come: a head, the line before a chunk, the trailer after the last.
constexpr std::size_t buffer_limit = 2 * read_size;

std::string bytes_of(const http_request& asked) {
    std::ostringstream out;
    out << asked;
    return std::move(out).str();
}

}  // namespace

connection::connection(asio::any_io_executor executor) : socket_(std::move(executor)), buffer_(buffer_limit) {
    buffer_.reserve(read_size);
}

braid::task<error_code> connection::open(tcp::endpoint to) {
    error_code ignored;
    socket_.close(ignored);  // another address, that did not answer
    const error_code error = std::get<0>(co_await socket_.async_connect(to, use_code));
    // Without the option it works too, a little slower.
    if (!error) socket_.set_option(tcp::no_delay(true), ignored);
    co_return error;
}

braid::task<error_code> connection::make_tunnel(const http_request& asked, unsigned& status) {
    const auto written = co_await http::async_write(socket_, asked, use_code);
    if (std::get<0>(written)) co_return std::get<0>(written);
    http::response_parser<http::empty_body> head;
    head.header_limit(head_limit);
    head.skip(true);
    const auto read = co_await http::async_read_header(socket_, buffer_, head, use_code);
    status = head.get().result_int();
    if (std::get<0>(read)) co_return std::get<0>(read);
    // What follows a way that is open would be taken for the server's, and has not come through TLS.
    if (status / 100 == 2 && buffer_.size() > 0) co_return http::error::unexpected_body;
    co_return error_code();
}

braid::task<error_code> connection::secure(asio::ssl::context& how, std::string host) {
    tls_.emplace(socket_, how);
    expect_host(*tls_, host);
    co_return std::get<0>(co_await tls_->async_handshake(tls_stream::client, use_code));
}

std::string connection::certificate_problem() { return tls_ ? crawl::certificate_problem(*tls_) : std::string(); }

bool connection::silent() {
    char first = 0;
    const auto got = ::recv(socket_.native_handle(), &first, sizeof first, MSG_PEEK | MSG_DONTWAIT);
    if (got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) return false;
    return !tls_ || !has_unread(*tls_);
}

std::string connection::peer() const {
    error_code error;
    const tcp::endpoint there = socket_.remote_endpoint(error);
    return error ? std::string() : there.address().to_string();
}

braid::task<error_code> connection::exchange_heads(const http_request& asked, body_limit limit, exchange* copy) {
    copy_ = copy;
    if (copy_ != nullptr) copy_->request = bytes_of(asked);
    return tls_ ? exchange_heads_over(*tls_, asked, limit) : exchange_heads_over(socket_, asked, limit);
}

braid::task<error_code> connection::read_some() { return tls_ ? read_some_from(*tls_) : read_some_from(socket_); }

template <class Stream>
braid::task<error_code> connection::exchange_heads_over(Stream& stream, const http_request& asked, body_limit limit) {
    ++exchanges_;
    std::size_t heads = 0;
    error_code error = std::get<0>(co_await http::async_write(stream, asked, use_code));
    // The server may have answered before it closed: a write that failed does not keep that from being read.
    const bool write_failed = error.failed();
    do {
        parser_.emplace();
        parser_->header_limit(static_cast<std::uint32_t>(head_limit - heads));
        parser_->body_limit(boost::none);  // decoded_body has its own
        parser_->get().body().limit = limit;
        parser_->get().body().copy = copy_;
        const error_code read_error = co_await read_head_from(stream);
        heads += parsed_;
        if (read_error && !(write_failed && !answered())) error = read_error;
        if (read_error) co_return error;
        error = {};
    } while (answer().result_int() / 100 == 1 && answer().result_int() != 101);  // announcements of the response proper
    if (copy_ != nullptr) copy_->head_size = parsed_;
    received_ = 0;
    parser_->eager(true);
    co_return error;
}

/// Beast's async_read_header does not tell which bytes it took.
template <class Stream>
braid::task<error_code> connection::read_head_from(Stream& stream) {
    parsed_ = 0;
    wants_more_ = false;
    if (copy_ != nullptr) copy_->response.clear();
    while (!parser_->is_header_done()) {
        const error_code error = co_await read_some_from(stream);
        if (error) co_return error;
    }
    co_return error_code();
}

/// Beast's own async_read_some goes on reading while a piece ends within a chunk's head: then it is not known how long
/// nothing came, nor how much did.
template <class Stream>
braid::task<error_code> connection::read_some_from(Stream& stream) {
    if (wants_more_ || buffer_.size() == 0) {
        const std::size_t room = boost::beast::read_size(buffer_, read_size);
        if (room == 0) co_return http::error::buffer_overflow;
        const auto read = co_await stream.async_read_some(buffer_.prepare(room), use_code);
        error_code error = std::get<0>(read);
        buffer_.commit(std::get<1>(read));
        received_ += std::get<1>(read);
        if (error == asio::error::eof && !parser_->got_some()) co_return http::error::end_of_stream;
        if (error == asio::error::eof) parser_->put_eof(error);
        if (error || parser_->is_done()) co_return error;
    }
    error_code error;
    const std::size_t taken = parser_->put(buffer_.data(), error);
    if (copy_ != nullptr) copy_->response.append({static_cast<const char*>(buffer_.data().data()), taken});
    parsed_ += taken;
    buffer_.consume(taken);
    wants_more_ = error == http::error::need_more;
    if (wants_more_) error = {};
    co_return error;
}

bool connection::reusable() const {
    // Bytes that nobody asked for belong to no later response.
    return parser_ && parser_->is_done() && parser_->keep_alive() && buffer_.size() == 0 && socket_.is_open();
}

}  // namespace crawl
