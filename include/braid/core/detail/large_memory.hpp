#pragma once
// Memory for many values, which the kernel gives page by page as it is first written.

#include <cstddef>

namespace braid::detail {

/// So many fresh bytes are about to be written: asks the kernel for large pages, which for many megabytes takes a
/// quarter of the time and less. For few bytes it does nothing.
void will_fill(void* memory, std::size_t bytes) noexcept;

}  // namespace braid::detail
