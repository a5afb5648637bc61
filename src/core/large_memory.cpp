#include <braid/core/detail/large_memory.hpp>

#include <cstdint>

#include <sys/mman.h>

namespace braid::detail {

void will_fill(void* memory, std::size_t bytes) noexcept {
    constexpr std::size_t large_page = 2 * 1024 * 1024;
    if (bytes < 2 * large_page) return;
    const auto begin = (reinterpret_cast<std::uintptr_t>(memory) + large_page - 1) / large_page * large_page;
    const auto end = (reinterpret_cast<std::uintptr_t>(memory) + bytes) / large_page * large_page;
    // Where it is refused, small pages do.
    if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
}

}  // namespace braid::detail
