#include "decoded_body.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>

namespace crawl {
namespace {

// A server may announce anything: room for more is made when it has come.
constexpr std::uint64_t reserved_at_once = 1024 * 1024;

std::string quoted(std::string_view text) { return fmt::format("\"{}\"", text.substr(0, 40)); }

}  // namespace

void decoded_body::reader::init(const boost::optional<std::uint64_t>& length, error_code& error) {
    error = {};
    const auto field = (*head_)[boost::beast::http::field::content_encoding];
    const std::string_view name(field.data(), field.size());
    const auto coding = parse_coding(name);
    if (!coding) {
        return refuse(outcome::bad_encoding, fmt::format("unknown content encoding {}", quoted(name)), error);
    }
    decoder_.emplace(*coding, body_.limit.bytes);
    if (!length || *coding != content_coding::identity) return;
    if (*length > body_.limit.bytes && !body_.limit.cut) {
        return refuse(outcome::too_large,
                      fmt::format("{} bytes, more than the limit of {}", *length, body_.limit.bytes), error);
    }
    body_.bytes.reserve(std::min(*length, reserved_at_once));
}

void decoded_body::reader::feed(std::string_view piece, error_code& error) {
    fed_ = true;
    body_.received += piece.size();
    if (body_.copy != nullptr) {
        body_.copy->payload.update(piece);
        body_.copy->payload_size += piece.size();
    }
    judge(decoder_->feed(piece, body_.bytes), error);
}

void decoded_body::reader::finish(error_code& error) {
    error = {};
    // A response without a body (204, 304) has nothing that could be cut short, whatever its head says.
    if (fed_) judge(decoder_->finish(), error);
}

void decoded_body::reader::judge(decode_status status, error_code& error) {
    switch (status) {
        case decode_status::more: error = {}; return;
        case decode_status::too_large: return refuse(outcome::too_large, decoder_->message(), error);
        case decode_status::corrupt: return refuse(outcome::bad_encoding, decoder_->message(), error);
    }
}

void decoded_body::reader::refuse(outcome why, std::string message, error_code& error) {
    body_.refusal = why;
    body_.message = std::move(message);
    error = boost::beast::http::error::body_limit;
}

}  // namespace crawl
