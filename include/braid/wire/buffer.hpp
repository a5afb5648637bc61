#pragma once
// Owned bytes that only grow: what messages are written into. Memory is kept when it is cleared, so that a
// buffer which is used again and again stops allocating.

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <type_traits>

namespace braid::wire {

/// A growable run of bytes. Unlike `std::vector` it never zero-fills what is about to be overwritten.
/// Lifetime: pointers and spans into it end with the next call that may grow it.
class buffer {
public:
    buffer() noexcept = default;
    buffer(buffer&& other) noexcept;
    buffer& operator=(buffer&& other) noexcept;
    ~buffer() = default;

    [[nodiscard]] const std::byte* data() const noexcept { return data_.get(); }
    [[nodiscard]] std::byte* data() noexcept { return data_.get(); }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {data(), size_}; }

    void append(const void* bytes, std::size_t count) {
        std::byte* to = extend(count);
        if (count != 0) std::memcpy(to, bytes, count);
    }

    /// Adds `count` bytes of unspecified content and returns where they start.
    std::byte* extend(std::size_t count) {
        if (capacity_ - size_ < count) [[unlikely]]
            grow(count);
        std::byte* start = data_.get() + size_;
        size_ += count;
        return start;
    }

    /// Overwrites bytes that were written or left as a hole by `extend` earlier, such as a length.
    template <class T>
        requires std::is_trivially_copyable_v<T>
    void patch(std::size_t position, const T& value) noexcept {
        std::memcpy(data_.get() + position, &value, sizeof value);
    }

    /// Makes room for `count` bytes in all.
    void reserve(std::size_t count);

    /// Forgets what lies behind the first `count` bytes; the memory is kept.
    void truncate(std::size_t count) noexcept { size_ = count < size_ ? count : size_; }
    void clear() noexcept { size_ = 0; }

private:
    void grow(std::size_t missing);
    void reallocate(std::size_t capacity);

    std::unique_ptr<std::byte[]> data_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

}  // namespace braid::wire
