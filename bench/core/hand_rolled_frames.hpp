#pragma once
// Memory for the coroutine frames of the hand-rolled floors: a free list for each size class of 64 bytes, for one
// thread.

#include <array>
#include <cstddef>
#include <new>
#include <utility>

namespace bench {

class frame_cache {
public:
    void* take(std::size_t size) {
        const std::size_t index = class_of(size);
        if (index < free_.size() && free_[index] != nullptr) {
            node* first = free_[index];
            free_[index] = first->next;
            return first;
        }
        return ::operator new((index + 1) * granule);
    }
    void give(void* frame, std::size_t size) {
        const std::size_t index = class_of(size);
        if (index < free_.size()) {
            free_[index] = new (frame) node{free_[index]};
        } else {
            ::operator delete(frame);
        }
    }
    frame_cache() = default;
    frame_cache(const frame_cache&) = delete;
    frame_cache& operator=(const frame_cache&) = delete;
    ~frame_cache() {
        for (node* first : free_) {
            while (first) ::operator delete(std::exchange(first, first->next));
        }
    }

private:
    struct node {
        node* next;
    };
    static constexpr std::size_t granule = 64;
    static std::size_t class_of(std::size_t size) { return (size - 1) / granule; }
    std::array<node*, 16> free_{};
};

inline thread_local frame_cache frames;

/// A base for promises.
struct recycled {
    static void* operator new(std::size_t size) { return frames.take(size); }
    static void operator delete(void* frame, std::size_t size) { frames.give(frame, size); }
};

}  // namespace bench
