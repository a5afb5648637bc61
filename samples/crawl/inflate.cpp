#include "inflate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <climits>
#include <new>

namespace crawl {
namespace {

constexpr int zlib_window = MAX_WBITS;
constexpr int raw_window = -MAX_WBITS;
constexpr int gzip_window = MAX_WBITS + 16;
constexpr char gzip_magic = '\x1f';

/// Source: RFC 1950, 2.2: method 8, and the two bytes as a number are a multiple of 31.
bool has_zlib_header(std::string_view two) {
    const auto first = static_cast<unsigned char>(two[0]);
    const auto second = static_cast<unsigned char>(two[1]);
    return (first & 15U) == 8 && (first * 256U + second) % 31 == 0;
}

}  // namespace

std::optional<content_coding> parse_coding(std::string_view header) {
    std::string name;
    for (const char c : header) {
        if (c != ' ' && c != '\t') name += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    }
    if (name.empty() || name == "identity") return content_coding::identity;
    if (name == "gzip" || name == "x-gzip") return content_coding::gzip;
    if (name == "deflate") return content_coding::deflate;
    return std::nullopt;
}

body_decoder::body_decoder(content_coding coding, std::uint64_t limit) : coding_(coding), limit_(limit) {
    if (coding_ != content_coding::identity) begin_stream(coding_ == content_coding::gzip ? gzip_window : zlib_window);
}

body_decoder::~body_decoder() {
    if (open_) inflateEnd(&stream_);
}

decode_status body_decoder::feed(std::string_view piece, std::string& out) {
    if (status_ != decode_status::more || piece.empty()) return status_;
    if (coding_ == content_coding::identity) return append(piece, out);
    if (state_ == state::start && coding_ == content_coding::deflate) {
        const std::size_t wanted = std::min(piece.size(), 2 - header_.size());
        header_ += piece.substr(0, wanted);
        piece.remove_prefix(wanted);
        if (header_.size() < 2) return status_;
        if (!has_zlib_header(header_)) begin_stream(raw_window);
        state_ = state::inside;
        if (inflate_piece(header_, out) != decode_status::more) return status_;
    }
    return inflate_piece(piece, out);
}

decode_status body_decoder::finish() {
    if (status_ != decode_status::more || coding_ == content_coding::identity) return status_;
    // An empty body is sent with a Content-Encoding too.
    if (state_ == state::start && header_.empty()) return status_;
    if (state_ == state::start || state_ == state::inside) {
        return fail(decode_status::corrupt, fmt::format("the {} data is cut short after {} bytes", name(), decoded_));
    }
    return status_;
}

void body_decoder::begin_stream(int window_bits) {
    const int result = open_ ? inflateReset2(&stream_, window_bits) : inflateInit2(&stream_, window_bits);
    if (result != Z_OK) throw std::bad_alloc();
    open_ = true;
}

decode_status body_decoder::inflate_piece(std::string_view piece, std::string& out) {
    while (!piece.empty() && status_ == decode_status::more) {
        if (state_ == state::ignoring) return status_;
        if (state_ == state::between_members) {
            if (coding_ != content_coding::gzip || piece.front() != gzip_magic) {
                state_ = state::ignoring;
                return status_;
            }
            begin_stream(gzip_window);
        }
        state_ = state::inside;
        // zlib counts in unsigned int.
        const std::size_t part = std::min<std::size_t>(piece.size(), INT_MAX);
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));  // zlib only reads there
        stream_.avail_in = static_cast<uInt>(part);
        inflate_some(out);
        piece.remove_prefix(part - stream_.avail_in);
    }
    return status_;
}

/// Inflates until the input is used up, the stream ends or the limit is reached.
decode_status body_decoder::inflate_some(std::string& out) {
    std::array<char, 32 * 1024> buffer;
    for (;;) {
        stream_.next_out = reinterpret_cast<Bytef*>(buffer.data());
        stream_.avail_out = static_cast<uInt>(buffer.size());
        const int result = inflate(&stream_, Z_NO_FLUSH);
        if (append({buffer.data(), buffer.size() - stream_.avail_out}, out) != decode_status::more) return status_;
        switch (result) {
            case Z_STREAM_END: state_ = state::between_members; return status_;
            case Z_BUF_ERROR: return status_;  // nothing left to read
            case Z_OK:
                if (stream_.avail_in == 0 && stream_.avail_out != 0) return status_;
                break;
            case Z_MEM_ERROR: throw std::bad_alloc();
            default:
                return fail(decode_status::corrupt,
                            fmt::format("the {} data is corrupt after {} bytes: {}", name(), decoded_,
                                        stream_.msg != nullptr ? stream_.msg : "it needs a dictionary"));
        }
    }
}

decode_status body_decoder::append(std::string_view bytes, std::string& out) {
    const std::uint64_t room = limit_ - decoded_;
    const bool fits = bytes.size() <= room;
    out += bytes.substr(0, fits ? bytes.size() : static_cast<std::size_t>(room));
    decoded_ += fits ? bytes.size() : room;
    if (fits) return status_;
    return fail(decode_status::too_large, fmt::format("the body is larger than the limit of {} bytes", limit_));
}

decode_status body_decoder::fail(decode_status how, std::string message) {
    status_ = how;
    message_ = std::move(message);
    return status_;
}

std::string_view body_decoder::name() const noexcept { return coding_ == content_coding::gzip ? "gzip" : "deflate"; }

}  // namespace crawl
