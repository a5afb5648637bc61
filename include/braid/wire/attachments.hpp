#pragma once
// What travels beside the bytes of a message: open descriptors, and memory that both sides then have in common.

#include <braid/core/error.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace braid::wire {

/// Memory that several processes have mapped. It has no name, and nobody can make it smaller.
/// Threads: as memory.
class segment {
public:
    /// Zeros. Throws: std::system_error.
    [[nodiscard]] static std::shared_ptr<segment> make(std::size_t size);
    /// Takes over a descriptor from elsewhere. Throws: decode_error unless it is that of a segment, std::system_error.
    [[nodiscard]] static std::shared_ptr<segment> open(int fd);
    /// The same from whom one believes that it is. Asks for less, which a sandbox may not allow.
    [[nodiscard]] static std::shared_ptr<segment> open_trusted(int fd);
    segment(const segment&) = delete;
    segment& operator=(const segment&) = delete;
    ~segment();

    [[nodiscard]] int fd() const noexcept { return fd_; }
    [[nodiscard]] std::span<std::byte> bytes() const noexcept { return bytes_; }

private:
    segment(int fd, std::size_t size);

    const int fd_;
    std::span<std::byte> bytes_;
};

/// From so many bytes on elements are copied into memory that both sides have, if there is some: a pipe takes longer.
inline constexpr std::size_t worth_lending = std::size_t{1} << 20;
/// Where they begin there. Not at the beginning of a page, and 64 bytes apart: some of AMD's processors copy at a
/// fraction of their speed to where the offset in a page is up to 31 bytes further than that of the source, and
/// malloc's large blocks begin 16 bytes into a page.
inline constexpr std::size_t lent_offset = 64;

/// Memory for bytes of a message that do not lie in it.
struct lent_room {
    std::span<std::byte> bytes;
    std::uint64_t known_by = 0;  ///< as a segment is
    std::uint64_t offset = 0;    ///< in that
};

/// Takes things along with a message. Throws: encode_error, std::system_error.
class attachments_out {
public:
    /// A copy of it. Gives its number within the message.
    virtual std::uint32_t add_descriptor(int fd) = 0;
    /// Gives what the receiver knows it by.
    virtual std::uint64_t add_segment(const std::shared_ptr<segment>& memory) = 0;
    /// Room for so many bytes, until the message has been read. Nothing: they travel in the message.
    [[nodiscard]] virtual std::optional<lent_room> lend([[maybe_unused]] std::size_t bytes) noexcept {
        return std::nullopt;
    }

protected:
    ~attachments_out() = default;
};

/// Finds them again. Throws: decode_error if they did not come.
class attachments_in {
public:
    /// It belongs to the caller from then on.
    [[nodiscard]] virtual int take_descriptor(std::uint32_t number) = 0;
    [[nodiscard]] virtual std::shared_ptr<segment> take_segment(std::uint64_t known_by) = 0;
    /// What so many bytes of the message lie in.
    [[nodiscard]] virtual std::shared_ptr<segment> take_lent(std::uint64_t known_by,
                                                             [[maybe_unused]] std::size_t bytes) {
        return take_segment(known_by);
    }

protected:
    ~attachments_in() = default;
};

}  // namespace braid::wire
