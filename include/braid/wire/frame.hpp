#pragma once
// Frames: messages one after the other on a stream of bytes, each behind a header of fixed size.

#include <braid/wire/buffer.hpp>
#include <braid/wire/reader.hpp>
#include <cstdint>
#include <optional>
#include <span>

namespace braid::wire {

struct frame_header {
    std::uint64_t length = 0;  ///< bytes of the body that follows
    std::uint64_t id = 0;      ///< which call this is about
    std::uint32_t kind = 0;
    std::uint32_t flags = 0;
    friend bool operator==(const frame_header&, const frame_header&) = default;
};

struct frame {
    frame_header header;
    std::span<const std::byte> body;  ///< valid until the frame_reader is fed again
};

/// Starts a frame whose body is what is appended next. Returns what `end_frame` needs to know.
[[nodiscard]] std::size_t begin_frame(buffer& out, std::uint64_t id, std::uint32_t kind, std::uint32_t flags = 0);
/// Fills in the length of the body.
void end_frame(buffer& out, std::size_t begun_at) noexcept;
void set_frame_flags(buffer& out, std::size_t begun_at, std::uint32_t flags) noexcept;
/// Takes a frame back that was begun, with all that followed.
inline void drop_frame(buffer& out, std::size_t begun_at) noexcept { out.truncate(begun_at); }

struct frame_reader_options {
    std::uint64_t max_length = std::uint64_t{4} << 30;  ///< of a body, in bytes: more is a decode_error
};

/// Cuts a stream that arrives in chunks into frames. A frame within one chunk is not copied; one that is spread over
/// several is put together. To use it: `feed` a chunk, then `next` until it is empty, and again.
/// Lifetime: a chunk must stay until it is used up. Threads: one at a time.
class frame_reader {
public:
    explicit frame_reader(frame_reader_options options = {}) : options_(options) {}

    /// Throws: usage_error, when frames of the last chunk have not been taken yet.
    void feed(std::span<const std::byte> chunk);

    /// The next complete frame, or nothing until more is fed. Throws: decode_error, for a length above the limit;
    /// the stream is of no use after that.
    [[nodiscard]] std::optional<frame> next() {
        if (partial_.empty() && chunk_.size() >= sizeof(frame_header)) [[likely]] {
            const frame_header header = read_header(chunk_.data());
            if (chunk_.size() - sizeof header >= header.length) {
                const frame whole{header, chunk_.subspan(sizeof header, static_cast<std::size_t>(header.length))};
                chunk_ = chunk_.subspan(sizeof header + static_cast<std::size_t>(header.length));
                return whole;
            }
        }
        return next_in_pieces();
    }

    /// Whether the stream may end here: no frame has been begun that is not complete.
    [[nodiscard]] bool at_boundary() const noexcept { return chunk_.empty() && (partial_.empty() || handed_out_); }

private:
    [[nodiscard]] frame_header read_header(const std::byte* at) const {
        frame_header header;
        std::memcpy(&header, at, sizeof header);
        if (header.length > options_.max_length) [[unlikely]]
            refuse(header);
        return header;
    }
    [[noreturn]] void refuse(const frame_header& header) const;
    std::optional<frame> next_in_pieces();
    bool fill_partial(std::uint64_t size);

    frame_reader_options options_;
    std::span<const std::byte> chunk_;  // what was fed and not yet used
    buffer partial_;                    // the beginning of a frame whose rest is still to come
    bool handed_out_ = false;           // partial_ is complete and was returned: it can go with the next call
};

}  // namespace braid::wire
