#pragma once
// Character references: `&amp;`, `&#38;`, `&#x26;`.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace crawl {

/// The characters that a reference stands for.
struct resolved_reference {
    std::array<char, 8> bytes{};  ///< UTF-8, one or two characters
    std::uint8_t size = 0;

    [[nodiscard]] std::string_view text() const noexcept { return {bytes.data(), size}; }
};

/// Resolves the reference that `text`, which begins with `&`, begins with. Gives its length; 0 if it is none, but an
/// ampersand. In attributes those that lack their semicolon are held to more, so that `?a=1&copy=2` stays what it is.
/// Threads: any number at once.
[[nodiscard]] std::size_t resolve_reference(std::string_view text, bool in_attribute, resolved_reference& to);

}  // namespace crawl
