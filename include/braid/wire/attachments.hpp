#pragma once
// What travels beside the bytes of a message: open descriptors, and memory that both sides then have in common.

#include <braid/core/error.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
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

/// Takes things along with a message. Throws: encode_error, std::system_error.
class attachments_out {
public:
    /// A copy of it. Gives its number within the message.
    virtual std::uint32_t add_descriptor(int fd) = 0;
    /// Gives what the receiver knows it by.
    virtual std::uint64_t add_segment(const std::shared_ptr<segment>& memory) = 0;

protected:
    ~attachments_out() = default;
};

/// Finds them again. Throws: decode_error if they did not come.
class attachments_in {
public:
    /// It belongs to the caller from then on.
    [[nodiscard]] virtual int take_descriptor(std::uint32_t number) = 0;
    [[nodiscard]] virtual std::shared_ptr<segment> take_segment(std::uint64_t known_by) = 0;

protected:
    ~attachments_in() = default;
};

}  // namespace braid::wire
