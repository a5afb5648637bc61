#pragma once
// Where coroutine frames come from: free lists of the thread, by size. A frame that was just released is the
// next one handed out, still warm in the cache; a program in a steady state asks the allocator for nothing.

#include <cstddef>
#include <new>

namespace braid::detail {

/// Sizes are rounded up to this many bytes; frames larger than all classes go to operator new.
inline constexpr std::size_t frame_granularity = 64;
inline constexpr std::size_t frame_classes = 32;

// Under a sanitizer nothing is kept, so that a use after a frame's end is seen: `room` stays zero then.
void* allocate_frame_slow(std::size_t size);
void release_frame_slow(void* frame, std::size_t size) noexcept;

struct free_frame {
    free_frame* next;
};

/// Plain data without a destructor, so that reaching it costs no guard. A frame released after the thread's
/// clean-up goes straight to operator delete, because `room` is zero then.
struct frame_cache {
    free_frame* free[frame_classes];
    unsigned room[frame_classes];
};
extern constinit thread_local frame_cache this_thread_frames;

inline void* allocate_frame(std::size_t size) {
    const std::size_t index = (size - 1) / frame_granularity;
    if (index < frame_classes) [[likely]] {
        frame_cache& cache = this_thread_frames;
        if (free_frame* frame = cache.free[index]) [[likely]] {
            cache.free[index] = frame->next;
            ++cache.room[index];
            return frame;
        }
    }
    return allocate_frame_slow(size);
}

inline void release_frame(void* frame, std::size_t size) noexcept {
    const std::size_t index = (size - 1) / frame_granularity;
    if (index < frame_classes) [[likely]] {
        frame_cache& cache = this_thread_frames;
        if (cache.room[index] != 0) [[likely]] {
            --cache.room[index];
            cache.free[index] = new (frame) free_frame{cache.free[index]};
            return;
        }
    }
    release_frame_slow(frame, size);
}

/// A base for promises whose frames are recycled. The compiler passes the size back, so no header is needed.
struct recycled_frame {
    static void* operator new(std::size_t size) { return allocate_frame(size); }
    static void operator delete(void* frame, std::size_t size) noexcept { release_frame(frame, size); }
};

}  // namespace braid::detail
