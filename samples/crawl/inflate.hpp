#pragma once
// Content encodings: the bytes of a response's body as its server meant them.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "unpacker.hpp"

namespace crawl {

/// What an Accept-Encoding header is to offer.
inline constexpr std::string_view accepted_codings = "gzip, deflate, br, zstd";

/// The coding that a Content-Encoding header names, in any case; nothing if it is unknown or a list of several.
[[nodiscard]] std::optional<content_coding> parse_coding(std::string_view header);

enum class decode_status : std::uint8_t {
    more,       ///< all is well, and the body may go on
    too_large,  ///< more than the limit of decoded bytes
    corrupt,    ///< not what the coding says, or cut short
};

/// Decodes a body that comes in pieces. After `too_large` or `corrupt` it stays there.
class body_decoder {
public:
    /// `limit` is on decoded bytes, for identity too. Throws: std::bad_alloc.
    body_decoder(content_coding coding, std::uint64_t limit);

    /// Decodes a piece and appends it to `out`, up to the limit.
    decode_status feed(std::string_view piece, std::string& out);

    /// Says that the body is complete: `corrupt` if its coding is not.
    decode_status finish();

    /// What is wrong, after `too_large` or `corrupt`.
    [[nodiscard]] const std::string& message() const noexcept { return message_; }
    [[nodiscard]] std::uint64_t decoded() const noexcept { return decoded_; }

private:
    decode_status append(std::string_view bytes, std::string& out);
    decode_status fail(decode_status how, std::string message);

    content_coding coding_;
    std::uint64_t limit_;
    std::uint64_t decoded_ = 0;
    bool began_ = false;
    decode_status status_ = decode_status::more;
    std::unique_ptr<unpacker> unpacker_;  // null for identity
    std::string message_;
};

}  // namespace crawl
