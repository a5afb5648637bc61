#include <braid/core/detail/frame_memory.hpp>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BRAID_RECYCLE_FRAMES 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define BRAID_RECYCLE_FRAMES 0
#endif
#endif
#ifndef BRAID_RECYCLE_FRAMES
#define BRAID_RECYCLE_FRAMES 1
#endif

namespace braid::detail {

constinit thread_local frame_cache this_thread_frames{};

namespace {

// A thread keeps at most this many frames of a class: a burst of a million tasks gives its memory back.
constexpr unsigned frames_kept = BRAID_RECYCLE_FRAMES ? 1024 : 0;

constexpr std::size_t rounded(std::size_t size) {
    return (size + frame_granularity - 1) / frame_granularity * frame_granularity;
}

// Opens the cache at the thread's first frame and empties it at its end.
struct cache_keeper {
    cache_keeper() {
        for (unsigned& room : this_thread_frames.room) room = frames_kept;
    }
    ~cache_keeper() {
        for (std::size_t i = 0; i < frame_classes; ++i) {
            this_thread_frames.room[i] = 0;
            while (free_frame* frame = this_thread_frames.free[i]) {
                this_thread_frames.free[i] = frame->next;
                ::operator delete(frame);
            }
        }
    }
    cache_keeper(const cache_keeper&) = delete;
    cache_keeper& operator=(const cache_keeper&) = delete;
};

}  // namespace

void* allocate_frame_slow(std::size_t size) {
    thread_local cache_keeper keeper;
    return ::operator new(rounded(size));
}

void release_frame_slow(void* frame, std::size_t) noexcept { ::operator delete(frame); }

}  // namespace braid::detail
