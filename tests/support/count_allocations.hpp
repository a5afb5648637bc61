#pragma once
// How often this thread has asked for memory from the heap, by operator new or by malloc. For programs that link
// count_allocations.cpp, and not under a sanitizer, which has an allocator of its own and recycles no frames.

#include <cstddef>

namespace braid_test {

[[nodiscard]] std::size_t allocations_of_this_thread() noexcept;

}  // namespace braid_test
