#include <braid/wire/frame.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace braid::wire {

std::size_t begin_frame(buffer& out, std::uint64_t id, std::uint32_t kind, std::uint32_t flags) {
    const std::size_t begun_at = out.size();
    // Each member to its place: a header that is made on the stack and copied as a whole makes the processor wait until
    // the members have arrived there.
    std::byte* const at = out.extend(sizeof(frame_header));
    const auto put = [at](std::size_t offset, auto value) { std::memcpy(at + offset, &value, sizeof value); };
    put(offsetof(frame_header, length), std::uint64_t{0});
    put(offsetof(frame_header, id), id);
    put(offsetof(frame_header, kind), kind);
    put(offsetof(frame_header, flags), flags);
    return begun_at;
}

void end_frame(buffer& out, std::size_t begun_at) noexcept {
    const std::uint64_t length = out.size() - begun_at - sizeof(frame_header);
    out.patch(begun_at + offsetof(frame_header, length), length);
}

void set_frame_flags(buffer& out, std::size_t begun_at, std::uint32_t flags) noexcept {
    out.patch(begun_at + offsetof(frame_header, flags), flags);
}

void frame_reader::feed(std::span<const std::byte> chunk) {
    if (!chunk_.empty()) throw usage_error("a frame_reader was fed before all frames of the last chunk were taken");
    if (handed_out_) {
        partial_.clear();
        handed_out_ = false;
    }
    chunk_ = chunk;
}

// The slow way: the frame began in an earlier chunk, or does not end in this one.
std::optional<frame> frame_reader::next_in_pieces() {
    if (handed_out_) {  // its body was valid until now; whole frames may follow it in the chunk
        partial_.clear();
        handed_out_ = false;
        return next();
    }
    if (!fill_partial(sizeof(frame_header))) return std::nullopt;
    const frame_header header = read_header(partial_.data());
    if (!fill_partial(sizeof header + header.length)) return std::nullopt;
    handed_out_ = true;
    return frame{header, partial_.bytes().subspan(sizeof header)};
}

// Moves bytes of the chunk to partial_ until that has at least `size`. Memory follows what really arrives, not what a
// header says.
bool frame_reader::fill_partial(std::uint64_t size) {
    if (partial_.size() < size) {
        const auto taken = std::min<std::uint64_t>(size - partial_.size(), chunk_.size());
        partial_.append(chunk_.data(), static_cast<std::size_t>(taken));
        chunk_ = chunk_.subspan(static_cast<std::size_t>(taken));
    }
    return partial_.size() >= size;
}

void frame_reader::refuse(const frame_header& header) const {
    throw decode_error(fmt::format("expected a frame: the body of call {} is said to have {} bytes, the limit is {}",
                                   header.id, header.length, options_.max_length));
}

}  // namespace braid::wire
