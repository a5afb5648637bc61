#include "html_references.hpp"

#include <algorithm>
#include <span>
#include <string>

#include "ascii.hpp"
#include "utf8.hpp"

namespace crawl {
namespace {

struct named_reference {
    std::string_view name;  // with its semicolon, but for the few that need none
    std::string_view characters;
};

// Sorted by name. The standard's table as Python's library has it, see html_references.py.
constexpr named_reference named[] = {
#include "html_references.inc"
};

constexpr std::size_t longest_name = 32;
constexpr std::size_t longest_without_semicolon = 6;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alphanumeric(char c) { return is_digit(c) || ascii::is_letter(c); }

int digit_of(char c, std::uint32_t base) {
    if (is_digit(c)) return c - '0';
    const int lower = c | 0x20;
    return base == 16 && lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

const named_reference* find(std::string_view name) {
    const auto before = [](const named_reference& a, std::string_view b) { return a.name < b; };
    const auto* found = std::lower_bound(std::begin(named), std::end(named), name, before);
    return found != std::end(named) && found->name == name ? found : nullptr;
}

void assign(resolved_reference& to, std::string_view characters) {
    std::copy(characters.begin(), characters.end(), to.bytes.begin());
    to.size = static_cast<std::uint8_t>(characters.size());
}

/// What numbers of the C1 controls mean on the web: the characters of windows-1252.
std::uint32_t as_on_the_web(std::uint32_t code) {
    constexpr std::array<std::uint16_t, 32> windows{0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                                    0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,   0x017D, 0x8F,
                                                    0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                                    0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};
    return code >= 0x80 && code <= 0x9F ? windows[code - 0x80] : code;
}

/// After `&#`.
std::size_t resolve_number(std::string_view digits, resolved_reference& to) {
    const bool hexadecimal = !digits.empty() && (digits.front() | 0x20) == 'x';
    const std::uint32_t base = hexadecimal ? 16 : 10;
    std::size_t at = hexadecimal ? 1 : 0;
    const std::size_t first = at;
    std::uint32_t code = 0;
    constexpr std::uint32_t too_large = 0x110000;
    for (; at < digits.size() && digit_of(digits[at], base) >= 0; ++at) {
        code = std::min(code * base + static_cast<std::uint32_t>(digit_of(digits[at], base)), too_large);
    }
    if (at == first) return 0;
    std::string character;
    append_utf8(character, as_on_the_web(code));
    assign(to, character);
    const bool complete = at < digits.size() && digits[at] == ';';
    return 2 + at + (complete ? 1 : 0);
}

/// After `&`.
std::size_t resolve_name(std::string_view text, bool in_attribute, resolved_reference& to) {
    std::size_t length = 0;
    const std::size_t limit = std::min(text.size(), longest_name);
    while (length < limit && is_alphanumeric(text[length])) ++length;
    if (length < text.size() && text[length] == ';') {
        if (const auto* whole = find(text.substr(0, length + 1))) {
            assign(to, whole->characters);
            return length + 2;
        }
    }
    for (length = std::min(length, longest_without_semicolon); length >= 2; --length) {
        const auto* found = find(text.substr(0, length));
        if (found == nullptr) continue;
        const char after = length < text.size() ? text[length] : '\0';
        if (in_attribute && (after == '=' || is_alphanumeric(after))) return 0;
        assign(to, found->characters);
        return length + 1;
    }
    return 0;
}

}  // namespace

std::size_t resolve_reference(std::string_view text, bool in_attribute, resolved_reference& to) {
    text.remove_prefix(1);
    if (text.empty()) return 0;
    if (text.front() == '#') return resolve_number(text.substr(1), to);
    return ascii::is_letter(text.front()) ? resolve_name(text, in_attribute, to) : 0;
}

}  // namespace crawl
