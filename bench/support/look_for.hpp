#pragma once
// How the floors wait that look out for each other instead of sleeping.

#include <atomic>
#include <cstdint>

namespace bench {

/// Returns when the word has that value.
inline void look_for(const std::atomic<std::uint64_t>& word, std::uint64_t value) {
    while (word.load(std::memory_order_acquire) != value) {
#if defined(__x86_64__)
        __builtin_ia32_pause();
#endif
    }
}

}  // namespace bench
