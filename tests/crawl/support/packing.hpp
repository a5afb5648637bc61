#pragma once
// Text in the codings of bodies that a library of their own packs.

#include <string>

namespace crawl::testing {

[[nodiscard]] std::string pack_brotli(const std::string& text);
[[nodiscard]] std::string pack_zstd(const std::string& text);

}  // namespace crawl::testing
