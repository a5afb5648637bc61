#include "fuzz/targets.hpp"

#include "fuzz/expect.hpp"

#include <braid/wire/frame.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace braid_fuzz {

namespace {

namespace wire = braid::wire;

constexpr std::uint64_t longest = 2'000;

struct cut_stream {
    std::vector<wire::frame_header> headers;
    std::vector<std::byte> bodies;
    bool refused = false;
    bool at_boundary = false;
    bool operator==(const cut_stream&) const = default;
};

/// Chunk sizes follow from `pattern`: 0 is the whole stream at once.
std::size_t chunk_size(unsigned pattern, std::size_t chunk, std::size_t left) {
    if (pattern == 0) return left;
    return std::min<std::size_t>(1 + (pattern * (chunk + 1) * 37) % (pattern % 64 + 1), left);
}

cut_stream cut(std::span<const std::byte> stream, unsigned pattern) {
    cut_stream seen;
    wire::frame_reader frames({.max_length = longest});
    try {
        for (std::size_t chunk = 0; !stream.empty(); ++chunk) {
            const std::size_t size = chunk_size(pattern, chunk, stream.size());
            // Memory of its own: what lies behind the chunk must not be read, nor a chunk that has gone.
            const std::vector<std::byte> fed(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(size));
            stream = stream.subspan(size);
            frames.feed(fed);
            while (const auto frame = frames.next()) {
                expect(frame->body.size() == frame->header.length, "a body is as long as its header says");
                expect(frame->header.length <= longest, "no frame is longer than the limit");
                seen.headers.push_back(frame->header);
                seen.bodies.insert(seen.bodies.end(), frame->body.begin(), frame->body.end());
            }
        }
        seen.at_boundary = frames.at_boundary();
    } catch (const wire::decode_error&) {
        seen.refused = true;
    }
    return seen;
}

}  // namespace

void try_frames(std::span<const std::byte> input) {
    if (input.empty()) return;
    const auto stream = input.subspan(1);
    const cut_stream whole = cut(stream, 0);
    expect(cut(stream, static_cast<unsigned>(input.front())) == whole, "frames are the same however they are cut");
    expect(whole.bodies.size() + whole.headers.size() * sizeof(wire::frame_header) <= stream.size(),
           "frames hold no more than the stream");
}

}  // namespace braid_fuzz
