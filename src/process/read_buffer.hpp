#pragma once
// What is read from a pipe at a time.

#include <cstddef>
#include <memory>
#include <new>
#include <span>

namespace braid::process_detail {

/// Some of AMD's processors copy with a fifth of their speed, or less, to where the offset in a page is up to 31 bytes
/// further than that of the source. Bytes in a pipe begin with a page, so those that are read must not begin where a
/// large block of malloc does, 16 bytes into one; nor with a page themselves, for they may be copied to such a block.
/// It is not cleared: none of its pages is there before something is read.
class read_buffer {
public:
    explicit read_buffer(std::size_t size)
        : memory_(static_cast<std::byte*>(::operator new(offset + size, page))), size_(size) {}

    [[nodiscard]] std::span<std::byte> bytes() const noexcept { return {memory_.get() + offset, size_}; }

private:
    static constexpr std::align_val_t page{4096};
    static constexpr std::size_t offset = 64;
    struct free {
        void operator()(std::byte* bytes) const noexcept { ::operator delete(bytes, page); }
    };

    std::unique_ptr<std::byte, free> memory_;
    std::size_t size_;
};

}  // namespace braid::process_detail
