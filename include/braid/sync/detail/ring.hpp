#pragma once
// A queue in one block of memory that grows and is reused: an element costs no allocation once it is large enough.

#include <cstddef>
#include <memory>
#include <utility>

namespace braid::detail {

/// First in, first out. `push` may throw bad_alloc, but never when fewer elements are there than there were before.
template <class T>
class ring {
public:
    ring() = default;
    ring(const ring&) = delete;
    ring& operator=(const ring&) = delete;
    ~ring() {
        while (size_ != 0) static_cast<void>(pop());
        allocator().deallocate(block_, capacity_);
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

    void push(T&& value) {
        if (size_ == capacity_) grow();
        std::construct_at(at(size_), std::move(value));
        ++size_;
    }
    T pop() noexcept {
        T* first = at(0);
        T value = std::move(*first);
        std::destroy_at(first);
        first_ = (first_ + 1) & (capacity_ - 1);
        --size_;
        return value;
    }

private:
    using allocator = std::allocator<T>;

    T* at(std::size_t index) const noexcept { return block_ + ((first_ + index) & (capacity_ - 1)); }

    void grow() {
        const std::size_t larger = capacity_ == 0 ? 8 : capacity_ * 2;  // a power of two
        T* block = allocator().allocate(larger);
        for (std::size_t i = 0; i < size_; ++i) {
            std::construct_at(block + i, std::move(*at(i)));
            std::destroy_at(at(i));
        }
        allocator().deallocate(block_, capacity_);
        block_ = block;
        capacity_ = larger;
        first_ = 0;
    }

    T* block_ = nullptr;
    std::size_t capacity_ = 0;
    std::size_t first_ = 0;
    std::size_t size_ = 0;
};

}  // namespace braid::detail
