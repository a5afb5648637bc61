#pragma once
// Text whose meaning is in its ASCII characters: protocols, names, markup. No locale has a say, and what is not ASCII
// stays as it is.

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace crawl::ascii {

constexpr std::string_view blanks = " \t";        ///< between the words of a header
constexpr std::string_view spaces = " \t\r\n\f";  ///< white space of HTML and CSS

constexpr bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
constexpr bool is_letter(char c) noexcept { return is_upper(c) || (c >= 'a' && c <= 'z'); }
constexpr char lower(char c) noexcept { return is_upper(c) ? static_cast<char>(c + ('a' - 'A')) : c; }

inline std::string lower_case(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), lower);
    return out;
}

/// Whether they differ in the case of their letters at most.
constexpr bool same_word(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

/// Without what is `around` it.
constexpr std::string_view trimmed(std::string_view text, std::string_view around = blanks) noexcept {
    const std::size_t begin = text.find_first_not_of(around);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(around) - begin + 1);
}

/// What is before the character, or all of it, taken off the text with the character.
constexpr std::string_view take_until(std::string_view& text, char end) noexcept {
    const std::size_t at = std::min(text.find(end), text.size());
    const std::string_view part = text.substr(0, at);
    text.remove_prefix(std::min(at + 1, text.size()));
    return part;
}

}  // namespace crawl::ascii
