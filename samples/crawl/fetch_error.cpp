#include "fetch_error.hpp"

#include <fmt/format.h>

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/beast/http/error.hpp>

namespace crawl {
namespace {

namespace error = boost::asio::error;
namespace http = boost::beast::http;

std::string lower_first(std::string text) {
    if (text.size() > 1 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'a')
        text[0] = static_cast<char>(text[0] + 32);
    return text;
}

bool is_malformed(const boost::system::error_code& code) {
    return code.category() == http::make_error_code(http::error::bad_version).category();
}

}  // namespace

std::string describe_network_error(const boost::system::error_code& code, std::string_view doing) {
    if (code == http::error::end_of_stream) return "the server closed the connection without a response";
    if (code == http::error::partial_message || code == boost::asio::ssl::error::stream_truncated)
        return "the connection ended in the middle of the response";
    if (code == http::error::header_limit) return "the head of the response is too large";
    if (code == http::error::buffer_overflow) return "what is around a chunk of the response is too large";
    if (is_malformed(code)) return fmt::format("malformed response: {}", lower_first(code.message()));
    if (code == error::host_not_found || code == error::host_not_found_try_again || code == error::no_data) {
        return "unknown host";
    }
    if (code == error::eof) return fmt::format("the server closed the connection while {}", doing);
    return fmt::format("{} while {}", lower_first(code.message()), doing);
}

fetch_failure network_failure(const boost::system::error_code& code, std::string_view doing) {
    const bool lasting = code == error::host_not_found || code == error::no_data || is_malformed(code);
    const bool cut_off = code == http::error::end_of_stream || code == http::error::partial_message;
    return {outcome::network_error, describe_network_error(code, doing), !lasting || cut_off};
}

}  // namespace crawl
