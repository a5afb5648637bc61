#pragma once
// From a request to its response: what is decided here does not suspend, except for sending.

#include <braid/core/task.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/file_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <variant>

#include "files.hpp"
#include "synthetic_site.hpp"

namespace serve {

namespace http = boost::beast::http;

/// A file; a short text; or only a head, for HEAD.
using answer =
    std::variant<http::response<http::file_body>, http::response<http::string_body>, http::response<http::empty_body>>;

/// The response to a request: the file it asks for, or the reason why not.
[[nodiscard]] answer answer_to(const http::request<http::empty_body>& request, const file_root& files);

/// The same of a site that is computed.
[[nodiscard]] answer answer_to(const http::request<http::empty_body>& request, const synthetic_site& site);

/// The response to bytes that are no request that this server reads. It closes the connection.
[[nodiscard]] answer refuse_unreadable(const boost::system::error_code& why);

/// Sends it, a piece at a time, none of which may take longer than `stalled`. True if the connection can go on.
braid::task<bool> send(boost::asio::ip::tcp::socket& socket, answer reply, std::chrono::milliseconds stalled);

}  // namespace serve
