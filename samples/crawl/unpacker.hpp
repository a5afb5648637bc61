#pragma once
// The decompressors behind the content encodings: zlib, brotli and zstd, all with one face.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace crawl {

enum class content_coding : std::uint8_t { identity, gzip, deflate, brotli, zstd };

/// Unpacks a stream that comes in pieces. Throws: std::bad_alloc.
class unpacker {
public:
    virtual ~unpacker() = default;

    /// Unpacks from the front of `in`, which is shortened by what was taken, into `room`; gives the bytes written
    /// there. It is done with a piece when `in` is empty and not all of the room was needed. After a fault nothing more
    /// comes.
    virtual std::size_t unpack(std::string_view& in, std::span<char> room) = 0;

    /// What has come is whole, whether more follows or not.
    [[nodiscard]] virtual bool complete() const = 0;

    /// Why the stream cannot be unpacked; empty if it can.
    [[nodiscard]] const std::string& fault() const noexcept { return fault_; }

protected:
    std::string fault_;
};

/// Null for `identity`. A gzip body may have several members; what follows the last one and is none is ignored, as
/// browsers do. `deflate` is read with and without zlib's wrapper, since servers send both.
[[nodiscard]] std::unique_ptr<unpacker> make_unpacker(content_coding coding);

}  // namespace crawl
