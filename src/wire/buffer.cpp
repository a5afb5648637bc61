#include <braid/wire/buffer.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <new>
#include <utility>

#include <sys/mman.h>

namespace braid::wire {

void will_fill(void* memory, std::size_t bytes) noexcept {
    constexpr std::size_t large_page = 2 * 1024 * 1024;
    if (bytes < 2 * large_page) return;
    const auto begin = (reinterpret_cast<std::uintptr_t>(memory) + large_page - 1) / large_page * large_page;
    const auto end = (reinterpret_cast<std::uintptr_t>(memory) + bytes) / large_page * large_page;
    // Where it is refused, small pages do.
    if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
}

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
    will_fill(larger.get(), capacity);
    if (size_ != 0) std::memcpy(larger.get(), data_.get(), size_);
    data_ = std::move(larger);
    capacity_ = capacity;
}

}  // namespace braid::wire
