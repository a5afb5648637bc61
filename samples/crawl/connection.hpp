#pragma once
// One connection to a server, kept alive from one exchange to the next. It knows HTTP/1.1 and nothing of deadlines.

#include <braid/core/task.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/system/error_code.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "decoded_body.hpp"

namespace crawl {

using http_request = boost::beast::http::request<boost::beast::http::empty_body>;
using http_response = boost::beast::http::response<decoded_body>;

/// Errors are values: those of the system, of the resolver and of `boost::beast::http::error`. After one the connection
/// is of no more use, as it is after a cancelled await. Threads: one, that of its executor.
class connection {
public:
    explicit connection(boost::asio::any_io_executor executor);

    /// Resolves the host, unless it is a numeric address, and connects to the first of its addresses that answers.
    /// Cancellation: a name that is being looked up is waited for.
    braid::task<boost::system::error_code> connect(std::string host, std::uint16_t port);

    /// Sends a request and reads the head of its response. At most `body_limit` decoded bytes will be read of the body.
    braid::task<boost::system::error_code> exchange_heads(const http_request& asked, std::uint64_t body_limit);

    /// Reads the rest of the response.
    braid::task<boost::system::error_code> read_body();

    /// The response: the head after `exchange_heads`, all of it after `read_body`, from where it may be moved.
    [[nodiscard]] http_response& answer() { return parser_->get(); }

    /// Something of a response has come: it is known that the server took the request.
    [[nodiscard]] bool answered() const { return parser_ && parser_->got_some(); }

    /// The response is complete, and the server is ready for another request.
    [[nodiscard]] bool reusable() const;

    /// It has served an earlier request, so that the server may have closed it meanwhile.
    [[nodiscard]] bool used() const noexcept { return exchanges_ > 1; }

private:
    boost::asio::ip::tcp::socket socket_;  // TLS will be a second kind of stream here
    boost::beast::flat_buffer buffer_;
    std::optional<boost::beast::http::response_parser<decoded_body>> parser_;
    std::uint64_t exchanges_ = 0;
};

}  // namespace crawl
