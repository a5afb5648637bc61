#pragma once
// XXH64, the hash that names a page's content: `xxhsum -H1 FILE` prints the same.

#include <cstdint>
#include <string_view>

namespace crawl {

/// Source: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
[[nodiscard]] std::uint64_t xxh64(std::string_view bytes, std::uint64_t seed = 0) noexcept;

}  // namespace crawl
