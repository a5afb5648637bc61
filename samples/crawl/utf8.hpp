#pragma once
// UTF-8, as far as a crawler needs it.

#include <cstdint>
#include <string>
#include <string_view>

namespace crawl {

[[nodiscard]] bool is_valid_utf8(std::string_view text) noexcept;

/// The text with what is no valid sequence replaced by U+FFFD: one for each byte, but only one for a sequence that
/// began well and is cut off, as browsers have it.
[[nodiscard]] std::string repair_utf8(std::string_view text);

/// Appends a code point; one that is none (a surrogate, out of range, zero) becomes U+FFFD.
void append_utf8(std::string& out, std::uint32_t code);

}  // namespace crawl
