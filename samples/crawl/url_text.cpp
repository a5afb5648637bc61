#include "url_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace crawl::url_text {
namespace {

// What is percent-encoded in each part, beside control characters, spaces and all that is not ASCII.
constexpr std::string_view path_marks = "\"#<>?`{}";
constexpr std::string_view query_marks = "\"#<>'";

using char_set = std::array<bool, 256>;

constexpr char_set all_but(std::string_view marks) {
    char_set set{};
    for (unsigned c = '!'; c <= '~'; ++c) set[c] = true;
    for (char c : marks) set[static_cast<unsigned char>(c)] = false;
    return set;
}

constexpr std::array<char_set, 2> stands_in{all_but(path_marks), all_but(query_marks)};

constexpr int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool starts_escape(std::string_view text, std::size_t at) {
    return text[at] == '%' && at + 2 < text.size() && hex_value(text[at + 1]) >= 0 && hex_value(text[at + 2]) >= 0;
}

/// How many dots a segment consists of, `%2e` counting as one; 0 if anything else is in it.
int dots_in(std::string_view segment) {
    int dots = 0;
    while (!segment.empty()) {
        if (segment[0] == '.') {
            segment.remove_prefix(1);
        } else if (segment.size() >= 3 && segment[0] == '%' && segment[1] == '2' && (segment[2] | 0x20) == 'e') {
            segment.remove_prefix(3);
        } else {
            return 0;
        }
        if (++dots > 2) return 0;
    }
    return dots;
}

void remove_last_segment(std::string& directory) {
    if (directory.size() > 1) directory.erase(directory.rfind('/', directory.size() - 2) + 1);
}

}  // namespace

void append_encoded(std::string& out, std::string_view text, part where) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    const char_set& stands = stands_in[static_cast<std::size_t>(where)];
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (stands[c]) {
            out += text[i];
        } else {
            out += '%';
            out += digits[c >> 4];
            out += digits[c & 15];
        }
    }
}

std::string percent_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (starts_escape(text, i)) {
            out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

void append_path(std::string& directory, std::string_view path) {
    for (;;) {
        const std::size_t end = path.find_first_of("/\\");
        const std::string_view segment = path.substr(0, end);
        const bool last = end == std::string_view::npos;
        switch (dots_in(segment)) {
            case 0:
                append_encoded(directory, segment, part::path);
                if (!last) directory += '/';
                break;
            case 2: remove_last_segment(directory); break;
            default: break;  // a single dot is where we are
        }
        if (last) return;
        path.remove_prefix(end + 1);
    }
}

std::string strip(std::string_view text) {
    const auto is_trimmed = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
    while (!text.empty() && is_trimmed(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_trimmed(text.back())) text.remove_suffix(1);
    std::string out(text);
    std::erase_if(out, [](char c) { return c == '\t' || c == '\n' || c == '\r'; });
    return out;
}

std::string abridged(std::string_view text) {
    std::size_t name = text.find("//");
    name = std::min(name, text.size()) + 2;
    std::size_t after_name = name;
    if (name <= text.size() && (name == 2 || text[name - 3] == ':')) {
        const std::string_view authority = text.substr(name, text.find_first_of("/\\?#", name) - name);
        after_name = name + authority.rfind('@') + 1;  // of which there may be none
    }
    if (after_name == name && text.size() <= longest_told) return std::string(text);

    std::string told(text.substr(0, std::min(name, longest_told)));
    if (after_name < text.size()) told += text.substr(after_name, longest_told - told.size());
    if (text.size() <= longest_told) return told;
    while (!told.empty() && (static_cast<unsigned char>(told.back()) & 0xC0U) == 0x80U) told.pop_back();
    if (!told.empty() && static_cast<unsigned char>(told.back()) >= 0xC0U) told.pop_back();
    return fmt::format("{}\u2026 ({} bytes)", told, text.size());
}

}  // namespace crawl::url_text
