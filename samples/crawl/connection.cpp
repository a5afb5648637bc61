#include "connection.hpp"

#include <braid/core/use_task.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <string_view>

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

braid::task<error_code> connection::connect(std::string host, std::uint16_t port) {
    error_code error;
    const auto address = asio::ip::make_address(host, error);
    if (!error) {
        error = std::get<0>(co_await socket_.async_connect({address, port}, use_code));
    } else {
        tcp::resolver resolver(socket_.get_executor());
        const auto found =
            co_await resolver.async_resolve(host, std::to_string(port), tcp::resolver::numeric_service, use_code);
        error = std::get<0>(found);
        if (!error) error = std::get<0>(co_await asio::async_connect(socket_, std::get<1>(found), use_code));
    }
    error_code ignored;  // without the option it works too, a little slower
    if (!error) socket_.set_option(tcp::no_delay(true), ignored);
    co_return error;
}

braid::task<error_code> connection::exchange_heads(const http_request& asked, std::uint64_t body_limit) {
    ++exchanges_;
    parser_.emplace();
    error_code error = std::get<0>(co_await http::async_write(socket_, asked, use_code));
    // The server may have answered before it closed: a write that failed does not keep that from being read.
    const bool write_failed = error.failed();
    do {
        parser_.emplace();
        parser_->header_limit(head_limit);
        parser_->body_limit(boost::none);  // decoded_body has its own
        parser_->get().body().limit = body_limit;
        const error_code read_error =
            std::get<0>(co_await http::async_read_header(socket_, buffer_, *parser_, use_code));
        if (read_error && !(write_failed && !answered())) error = read_error;
        if (read_error) co_return error;
        error = {};
    } while (answer().result_int() / 100 == 1 && answer().result_int() != 101);  // announcements of the response proper
    co_return error;
}

braid::task<error_code> connection::read_body() {
    error_code error;
    if (!parser_->is_done()) error = std::get<0>(co_await http::async_read(socket_, buffer_, *parser_, use_code));
    co_return error;
}

bool connection::reusable() const {
    // Bytes that nobody asked for belong to no later response.
    return parser_ && parser_->is_done() && parser_->keep_alive() && buffer_.size() == 0 && socket_.is_open();
}

}  // namespace crawl
