#pragma once
// How both sides of a call board reach what lies in its mapping.

#include "process/board_layout.hpp"

#include <chrono>
#include <cstdint>
#include <new>

namespace braid::process_detail {

inline call_slot* slots_of(const shared_mapping& mapping, const board_layout& layout) noexcept {
    return std::launder(reinterpret_cast<call_slot*>(mapping.data() + layout.slots));
}

inline board_header* header_of(const shared_mapping& mapping) noexcept {
    return std::launder(reinterpret_cast<board_header*>(mapping.data()));
}

inline std::int64_t nanoseconds_of(std::chrono::steady_clock::time_point at) noexcept {
    return std::chrono::nanoseconds(at.time_since_epoch()).count();
}

/// Asks for a cache line that the other side wrote last: there are some ten of them in a call, each of which takes a
/// tenth of a microsecond to change cores, and less where it does so beside something else.
inline void fetch_for_writing(const void* line) noexcept {
#if defined(__x86_64__)
    // Which the compiler makes of the builtin only for processors that are known to have it; the others ignore it.
    asm volatile("prefetchw %0" : : "m"(*static_cast<const char*>(line)));
#else
    __builtin_prefetch(line, 1);
#endif
}

constexpr std::uint64_t pack_current(std::uint32_t slot, call_id id) noexcept {
    return (std::uint64_t{slot} + 1) << 32 | (id & call_id_mask);
}

/// Lets this process heed the fences of its parent; true if it does. Before there is a second thread this costs next to
/// nothing, later the kernel waits until all processors have passed by: some milliseconds if they are busy.
bool heed_fences() noexcept;

}  // namespace braid::process_detail
