#include "inflate.hpp"

#include <fmt/format.h>

#include <array>

#include "ascii.hpp"

namespace crawl {
namespace {

std::string_view name_of(content_coding coding) {
    switch (coding) {
        case content_coding::identity: return "identity";
        case content_coding::gzip: return "gzip";
        case content_coding::deflate: return "deflate";
        case content_coding::brotli: return "brotli";
        case content_coding::zstd: return "zstd";
    }
    return "unknown";
}

}  // namespace

std::optional<content_coding> parse_coding(std::string_view header) {
    std::string name;
    for (const char c : header) {
        if (c != ' ' && c != '\t') name += ascii::lower(c);
    }
    if (name.empty() || name == "identity") return content_coding::identity;
    if (name == "gzip" || name == "x-gzip") return content_coding::gzip;
    if (name == "deflate") return content_coding::deflate;
    if (name == "br") return content_coding::brotli;
    if (name == "zstd") return content_coding::zstd;
    return std::nullopt;
}

body_decoder::body_decoder(content_coding coding, std::uint64_t limit)
    : coding_(coding), limit_(limit), unpacker_(make_unpacker(coding)) {}

decode_status body_decoder::feed(std::string_view piece, std::string& out) {
    if (status_ != decode_status::more || piece.empty()) return status_;
    began_ = true;
    if (!unpacker_) return append(piece, out);
    std::array<char, 32 * 1024> buffer;
    for (bool filled = false; filled || !piece.empty();) {
        const std::size_t written = unpacker_->unpack(piece, buffer);
        if (append({buffer.data(), written}, out) != decode_status::more) return status_;
        if (!unpacker_->fault().empty()) {
            return fail(decode_status::corrupt, fmt::format("the {} data is corrupt after {} bytes: {}",
                                                            name_of(coding_), decoded_, unpacker_->fault()));
        }
        filled = written == buffer.size();
    }
    return status_;
}

decode_status body_decoder::finish() {
    // An empty body is sent with a Content-Encoding too.
    if (status_ != decode_status::more || !unpacker_ || !began_ || unpacker_->complete()) return status_;
    return fail(decode_status::corrupt,
                fmt::format("the {} data is cut short after {} bytes", name_of(coding_), decoded_));
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

}  // namespace crawl
