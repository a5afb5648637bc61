#include "utf8.hpp"

#include <algorithm>
#include <cstring>

namespace crawl {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

/// The length of the run of ASCII that `text` starts with.
std::size_t ascii_prefix(std::string_view text) noexcept {
    constexpr std::uint64_t high_bits = 0x8080808080808080U;
    std::size_t at = 0;
    for (std::uint64_t word = 0; at + 8 <= text.size(); at += 8) {
        std::memcpy(&word, text.data() + at, 8);
        if ((word & high_bits) != 0) break;
    }
    while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80) ++at;
    return at;
}

bool continues(std::string_view text, std::size_t at, unsigned low = 0x80, unsigned high = 0xBF) noexcept {
    return at < text.size() && static_cast<unsigned char>(text[at]) >= low &&
           static_cast<unsigned char>(text[at]) <= high;
}

struct sequence {
    std::size_t wanted;  ///< bytes that its first one asks for; 0 if that begins none
    std::size_t found;   ///< of those, from the front
};

/// The multi-byte sequence at the front. Source: Unicode, table 3-7.
sequence sequence_at_front(std::string_view text) noexcept {
    const auto lead = static_cast<unsigned char>(text[0]);
    if (lead < 0xC2 || lead > 0xF4) return {0, 0};
    const std::size_t wanted = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    const unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (!continues(text, 1, low, high)) return {wanted, 1};
    std::size_t found = 2;
    while (found < wanted && continues(text, found)) ++found;
    return {wanted, found};
}

/// The length of the valid text at the front.
std::size_t valid_prefix(std::string_view text) noexcept {
    std::size_t at = 0;
    for (;;) {
        at += ascii_prefix(text.substr(at));
        if (at == text.size()) return at;
        const sequence next = sequence_at_front(text.substr(at));
        if (next.wanted == 0 || next.found < next.wanted) return at;
        at += next.wanted;
    }
}

}  // namespace

bool is_valid_utf8(std::string_view text) noexcept { return valid_prefix(text) == text.size(); }

std::string repair_utf8(std::string_view text) {
    std::string out;
    out.reserve(text.size() + text.size() / 8);
    for (;;) {
        const std::size_t valid = valid_prefix(text);
        out += text.substr(0, valid);
        if (valid == text.size()) return out;
        out += replacement;
        text.remove_prefix(valid);
        text.remove_prefix(std::max<std::size_t>(1, sequence_at_front(text).found));
    }
}

code_point first_code_point(std::string_view text) noexcept {
    const auto lead = static_cast<unsigned char>(text[0]);
    if (lead < 0x80) return {lead, 1};
    const sequence first = sequence_at_front(text);
    if (first.wanted == 0 || first.found < first.wanted) return {0xFFFD, std::max<std::size_t>(1, first.found)};
    std::uint32_t code = lead & (0xFFU >> (first.wanted + 1));
    for (std::size_t i = 1; i < first.wanted; ++i) code = (code << 6) | (static_cast<unsigned char>(text[i]) & 0x3FU);
    return {code, first.wanted};
}

void append_utf8(std::string& out, std::uint32_t code) {
    const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80U | ((code >> shift) & 0x3FU)); };
    if (code == 0 || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
        out += replacement;
    } else if (code < 0x80) {
        out += static_cast<char>(code);
    } else if (code < 0x800) {
        out += static_cast<char>(0xC0U | (code >> 6));
        tail(0);
    } else if (code < 0x10000) {
        out += static_cast<char>(0xE0U | (code >> 12));
        tail(6);
        tail(0);
    } else {
        out += static_cast<char>(0xF0U | (code >> 18));
        tail(12);
        tail(6);
        tail(0);
    }
}

}  // namespace crawl
