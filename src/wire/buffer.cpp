#include <braid/wire/buffer.hpp>

#include <braid/core/detail/large_memory.hpp>

#include <algorithm>
#include <limits>
#include <new>
#include <utility>

namespace braid::wire {

buffer::buffer(buffer&& other) noexcept
    : data_(std::move(other.data_)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

buffer& buffer::operator=(buffer&& other) noexcept {
    data_ = std::move(other.data_);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
}

void buffer::reserve(std::size_t count) {
    if (count > capacity_) reallocate(count);
}

void buffer::grow(std::size_t missing) {
    constexpr std::size_t smallest = 256;
    constexpr std::size_t largest = std::numeric_limits<std::ptrdiff_t>::max();
    if (missing > largest - size_) throw std::bad_alloc();
    reallocate(std::max({smallest, size_ + missing, capacity_ + capacity_ / 2}));
}

void buffer::reallocate(std::size_t capacity) {
    auto larger = std::make_unique_for_overwrite<std::byte[]>(capacity);
    braid::detail::will_fill(larger.get(), capacity);
    if (size_ != 0) std::memcpy(larger.get(), data_.get(), size_);
    data_ = std::move(larger);
    capacity_ = capacity;
}

}  // namespace braid::wire
