#pragma once
// How much of the heap is in use.

#include <malloc.h>

#include <cstddef>

namespace bench {

/// Bytes that were allocated and not released, with what malloc adds to each block.
inline std::size_t heap_bytes() {
    const struct mallinfo2 heap = mallinfo2();
    return heap.uordblks + heap.hblkhd;
}

}  // namespace bench
