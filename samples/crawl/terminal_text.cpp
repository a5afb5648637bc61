#include "terminal_text.hpp"

#include <fmt/format.h>
#include <unicode/uchar.h>

#include <algorithm>
#include <array>
#include <vector>

#include "utf8.hpp"

namespace crawl {
namespace {

struct character {
    UChar32 code;
    std::size_t begin;  // in bytes
    std::size_t size;
};

std::vector<character> characters_of(std::string_view text) {
    std::vector<character> all;
    all.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); at += all.back().size) {
        const code_point next = first_code_point(text.substr(at));
        all.push_back({static_cast<UChar32>(next.code), at, next.size});
    }
    return all;
}

bool may_control(UChar32 code) {
    const auto kind = u_charType(code);
    return kind == U_CONTROL_CHAR || kind == U_FORMAT_CHAR || kind == U_LINE_SEPARATOR || kind == U_PARAGRAPH_SEPARATOR;
}

/// Source: Unicode, UAX #11.
std::size_t columns_of_character(UChar32 code) {
    const auto kind = u_charType(code);
    if (kind == U_NON_SPACING_MARK || kind == U_ENCLOSING_MARK) return 0;
    const int width = u_getIntPropertyValue(code, UCHAR_EAST_ASIAN_WIDTH);
    return width == U_EA_WIDE || width == U_EA_FULLWIDTH ? 2 : 1;
}

template <class Predicate>
std::string with_question_marks(std::string_view text, Predicate refused) {
    std::string out;
    const std::string valid = repair_utf8(text);
    for (const character& c : characters_of(valid)) {
        refused(c.code) ? out += '?' : out.append(valid, c.begin, c.size);
    }
    return out;
}

/// The longest beginning of at most so many columns.
std::string_view beginning(std::string_view text, std::size_t columns) {
    std::size_t taken = 0;
    for (const character& c : characters_of(text)) {
        taken += columns_of_character(c.code);
        if (taken > columns) return text.substr(0, c.begin);
    }
    return text;
}

std::string_view ending(std::string_view text, std::size_t columns) {
    const std::vector<character> all = characters_of(text);
    std::size_t taken = 0;
    for (auto c = all.rbegin(); c != all.rend(); ++c) {
        taken += columns_of_character(c->code);
        if (taken > columns) return text.substr(c->begin + c->size);
    }
    return text;
}

std::string cut(std::string_view text, std::size_t columns, std::string_view mark, bool keep_end) {
    if (columns_of(text) <= columns) return std::string(text);
    const std::size_t marked = columns_of(mark);
    if (marked > columns) return {};
    const std::size_t before = keep_end ? (columns - marked) / 2 : columns - marked;
    return fmt::format("{}{}{}", beginning(text, before), mark, ending(text, columns - marked - before));
}

}  // namespace

std::string printable(std::string_view text) { return with_question_marks(text, may_control); }

std::string printable_ascii(std::string_view text) {
    return with_question_marks(text, [](UChar32 code) { return code > '~' || code < ' '; });
}

std::size_t columns_of(std::string_view text) {
    std::size_t sum = 0;
    for (const character& c : characters_of(text)) sum += columns_of_character(c.code);
    return sum;
}

std::string cut_middle(std::string_view text, std::size_t columns, std::string_view mark) {
    return cut(text, columns, mark, true);
}

std::string cut_end(std::string_view text, std::size_t columns, std::string_view mark) {
    return cut(text, columns, mark, false);
}

std::string count_of(std::uint64_t count, std::string_view thing) {
    return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

std::string human_bytes(double bytes) {
    constexpr std::array<std::string_view, 5> units{"B", "KiB", "MiB", "GiB", "TiB"};
    if (bytes < 1024) return fmt::format("{:.0f} B", bytes);
    std::size_t unit = 0;
    for (; bytes >= 1024 && unit + 1 < units.size(); ++unit) bytes /= 1024;
    return fmt::format("{:.1f} {}", bytes, units[unit]);
}

}  // namespace crawl
