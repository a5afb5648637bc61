#pragma once
// Content encodings: the bytes of a response's body as its server meant them.

#include <zlib.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace crawl {

enum class content_coding : std::uint8_t { identity, gzip, deflate };

/// The coding that a Content-Encoding header names, in any case; nothing if it is unknown or a list of several.
[[nodiscard]] std::optional<content_coding> parse_coding(std::string_view header);

enum class decode_status : std::uint8_t {
    more,       ///< all is well, and the body may go on
    too_large,  ///< more than the limit of decoded bytes
    corrupt,    ///< not what the coding says, or cut short
};

/// Decodes a body that comes in pieces. After `too_large` or `corrupt` it stays there. A gzip body may have several
/// members; what follows the last one and is none is ignored, as browsers do. `deflate` is read with and without
/// zlib's wrapper, since servers send both.
class body_decoder {
public:
    /// `limit` is on decoded bytes, for identity too. Throws: std::bad_alloc.
    body_decoder(content_coding coding, std::uint64_t limit);
    body_decoder(const body_decoder&) = delete;
    body_decoder& operator=(const body_decoder&) = delete;
    ~body_decoder();

    /// Decodes a piece and appends it to `out`, up to the limit.
    decode_status feed(std::string_view piece, std::string& out);

    /// Says that the body is complete: `corrupt` if its coding is not.
    decode_status finish();

    /// What is wrong, after `too_large` or `corrupt`.
    [[nodiscard]] const std::string& message() const noexcept { return message_; }
    [[nodiscard]] std::uint64_t decoded() const noexcept { return decoded_; }

private:
    enum class state : std::uint8_t { start, inside, between_members, ignoring };

    void begin_stream(int window_bits);
    decode_status inflate_piece(std::string_view piece, std::string& out);
    decode_status inflate_some(std::string& out);
    decode_status append(std::string_view bytes, std::string& out);
    decode_status fail(decode_status how, std::string message);
    [[nodiscard]] std::string_view name() const noexcept;

    content_coding coding_;
    std::uint64_t limit_;
    std::uint64_t decoded_ = 0;
    state state_ = state::start;
    decode_status status_ = decode_status::more;
    z_stream stream_{};
    bool open_ = false;   // stream_ is to be ended
    std::string header_;  // of deflate: the two bytes that tell zlib's wrapper
    std::string message_;
};

}  // namespace crawl
