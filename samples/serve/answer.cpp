#include "answer.hpp"

#include <braid/core/deadline.hpp>
#include <braid/core/use_task.hpp>

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/beast/http/write.hpp>
#include <string>
#include <utility>

namespace serve {
namespace {

using boost::system::error_code;
using request = http::request<http::empty_body>;

constexpr std::string_view server_name = "braid-serve";

/// What every response to a request begins with.
template <class Body>
http::response<Body> begin(const request& to, http::status status) {
    http::response<Body> response(status, 11);
    response.set(http::field::server, server_name);
    response.keep_alive(to.keep_alive());
    return response;
}

/// A response to HEAD has the head that GET would have got, and nothing else.
template <class Body>
answer as_asked(const request& to, http::response<Body> response) {
    response.prepare_payload();
    if (to.method() != http::verb::head) return response;
    return http::response<http::empty_body>(std::move(response.base()));
}

answer tell(const request& to, http::status status) {
    auto response = begin<http::string_body>(to, status);
    response.set(http::field::content_type, "text/plain; charset=utf-8");
    response.body() = fmt::format("{} {}\n", static_cast<unsigned>(status), std::string(http::obsolete_reason(status)));
    if (status == http::status::method_not_allowed) response.set(http::field::allow, "GET, HEAD");
    return as_asked(to, std::move(response));
}

answer go_to(const request& to, const std::string& location) {
    auto response = begin<http::string_body>(to, http::status::moved_permanently);
    response.set(http::field::location, location);
    return as_asked(to, std::move(response));
}

answer give(const request& to, const found_file& file) {
    auto response = begin<http::file_body>(to, http::status::ok);
    error_code error;
    response.body().open(file.path.c_str(), boost::beast::file_mode::scan, error);
    if (error == boost::system::errc::no_such_file_or_directory) return tell(to, http::status::not_found);
    if (error == boost::system::errc::permission_denied) return tell(to, http::status::forbidden);
    if (error) return tell(to, http::status::internal_server_error);
    response.set(http::field::content_type, file.content_type);
    return as_asked(to, std::move(response));
}

template <class Body>
braid::task<bool> send_message(boost::asio::ip::tcp::socket& socket, http::response<Body>& response,
                               std::chrono::milliseconds stalled) {
    http::response_serializer<Body> serializer(response);
    while (!serializer.is_done()) {
        const auto sent = co_await braid::move_on_after(
            stalled, http::async_write_some(socket, serializer, boost::asio::as_tuple(braid::use_task)));
        // Also when the file has become shorter than its announced length: only closing tells the client.
        if (!sent || std::get<0>(*sent)) co_return false;
    }
    co_return response.keep_alive();
}

bool asks_for_something(const request& to) { return to.method() == http::verb::get || to.method() == http::verb::head; }

}  // namespace

answer answer_to(const request& to, const file_root& files) {
    if (!asks_for_something(to)) return tell(to, http::status::method_not_allowed);
    const auto target = to.target();
    const lookup found = files.find({target.data(), target.size()});
    if (const auto* file = std::get_if<found_file>(&found)) return give(to, *file);
    if (const auto* elsewhere = std::get_if<redirect>(&found)) return go_to(to, elsewhere->location);
    return tell(to, static_cast<http::status>(std::get<refusal>(found)));
}

answer answer_to(const request& to, const synthetic_site& site) {
    if (!asks_for_something(to)) return tell(to, http::status::method_not_allowed);
    const auto target = to.target();
    auto page = site.page({target.data(), target.size()});
    if (!page) return tell(to, http::status::not_found);
    auto response = begin<http::string_body>(to, http::status::ok);
    response.set(http::field::content_type, "text/html");
    response.body() = std::move(*page);
    return as_asked(to, std::move(response));
}

answer refuse_unreadable(const error_code& why) {
    http::status status = http::status::bad_request;
    if (why == http::error::header_limit) status = http::status::request_header_fields_too_large;
    if (why == http::error::body_limit) status = http::status::payload_too_large;
    request to;
    to.keep_alive(false);
    return tell(to, status);
}

braid::task<bool> send(boost::asio::ip::tcp::socket& socket, answer reply, std::chrono::milliseconds stalled) {
    if (auto* file = std::get_if<http::response<http::file_body>>(&reply)) {
        co_return co_await send_message(socket, *file, stalled);
    }
    if (auto* text = std::get_if<http::response<http::string_body>>(&reply)) {
        co_return co_await send_message(socket, *text, stalled);
    }
    co_return co_await send_message(socket, std::get<http::response<http::empty_body>>(reply), stalled);
}

}  // namespace serve
