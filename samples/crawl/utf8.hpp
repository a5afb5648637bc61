#pragma once
// UTF-8, as far as a crawler needs it.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace crawl {

[[nodiscard]] bool is_valid_utf8(std::string_view text) noexcept;

/// The text with what is no valid sequence replaced by U+FFFD: one for each byte, but only one for a sequence that
/// began well and is cut off, as browsers have it.
[[nodiscard]] std::string repair_utf8(std::string_view text);

/// A code point, and how many bytes it takes.
struct code_point {
    std::uint32_t code;
    std::size_t size;
};

/// The first of a text that is not empty: U+FFFD for what `repair_utf8` replaces.
[[nodiscard]] code_point first_code_point(std::string_view text) noexcept;

/// Appends a code point; one that is none (a surrogate, out of range, zero) becomes U+FFFD.
void append_utf8(std::string& out, std::uint32_t code);

}  // namespace crawl
