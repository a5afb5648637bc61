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
#include <vector>

#include "decoded_body.hpp"
#include "exchange.hpp"
#include "tls.hpp"

namespace crawl {

using http_request = boost::beast::http::request<boost::beast::http::empty_body>;
using http_response = boost::beast::http::response<decoded_body>;

/// Errors are values: those of the system, of TLS and of `boost::beast::http::error`. After one the connection is of no
/// more use, as it is after a cancelled await. Threads: one, that of its executor.
class connection {
public:
    explicit connection(boost::asio::any_io_executor executor);

    /// Connects to that address. After an error, or a cancelled await, it may be another's turn.
    braid::task<boost::system::error_code> open(boost::asio::ip::tcp::endpoint to);

    /// Asks a proxy for a way through it, and gives the status of its answer. After one of success what is sent goes
    /// there.
    braid::task<boost::system::error_code> make_tunnel(const http_request& asked, unsigned& status);

    /// Speaks TLS from now on, with the host of that name or numeric address.
    braid::task<boost::system::error_code> secure(boost::asio::ssl::context& how, std::string host);

    /// Why the server's certificate was refused, after `secure`; empty if it was not.
    [[nodiscard]] std::string certificate_problem();

    /// Nothing has come since the last response. What nobody asked for would be taken for the next one; the end of the
    /// connection is such a thing, too.
    [[nodiscard]] bool silent();

    /// Sends a request and reads the head of its response. The limit is on what will be read of the body. `copy`, which
    /// may be null, gets both as they are on the wire, and the body as it comes; it must live as long as that is read.
    braid::task<boost::system::error_code> exchange_heads(const http_request& asked, body_limit limit,
                                                          exchange* copy = nullptr);

    /// Takes the next piece of the response, which is not complete yet, however small it is.
    braid::task<boost::system::error_code> read_some();
    [[nodiscard]] bool complete() const { return parser_->is_done(); }

    /// The numeric address of the other end; empty if there is none any more.
    [[nodiscard]] std::string peer() const;

    /// Bytes that were read for the body so far, encoded and with what is around its chunks.
    [[nodiscard]] std::uint64_t received() const noexcept { return received_; }

    /// The response: the head after `exchange_heads`, all of it when it is complete, from where it may be moved.
    [[nodiscard]] http_response& answer() { return parser_->get(); }

    /// Something of a response has come: it is known that the server took the request.
    [[nodiscard]] bool answered() const { return parser_ && parser_->got_some(); }

    /// The response is complete, and the server is ready for another request.
    [[nodiscard]] bool reusable() const;

    /// It has served an earlier request, so that the server may have closed it meanwhile.
    [[nodiscard]] bool used() const noexcept { return exchanges_ > 1; }

private:
    template <class Stream>
    braid::task<boost::system::error_code> exchange_heads_over(Stream& stream, const http_request& asked,
                                                               body_limit limit);
    template <class Stream>
    braid::task<boost::system::error_code> read_head_from(Stream& stream);
    template <class Stream>
    braid::task<boost::system::error_code> read_some_from(Stream& stream);

    boost::asio::ip::tcp::socket socket_;
    std::optional<tls_stream> tls_;  // over socket_
    boost::beast::flat_buffer buffer_;
    std::optional<boost::beast::http::response_parser<decoded_body>> parser_;
    std::uint64_t exchanges_ = 0;
    std::uint64_t received_ = 0;
    std::size_t parsed_ = 0;  // bytes of the current response, or announcement
    exchange* copy_ = nullptr;
    bool wants_more_ = false;  // what is in buffer_ is a beginning
};

}  // namespace crawl
