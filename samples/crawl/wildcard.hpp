#pragma once
// Patterns in which `*` stands for any characters, none included.

#include <cstddef>
#include <string_view>

namespace crawl {

/// Does the whole text match?
[[nodiscard]] bool matches(std::string_view text, std::string_view pattern) noexcept;

/// The same, or only whether the text begins with what matches. That takes at most as many steps as the product of the
/// lengths; each is taken off `left`, and where none is left it is false.
[[nodiscard]] bool matches(std::string_view text, std::string_view pattern, bool whole, std::size_t& left) noexcept;

}  // namespace crawl
