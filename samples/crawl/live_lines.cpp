#include "live_lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "terminal_text.hpp"

namespace crawl {
namespace {

constexpr std::string_view do_not_wrap = "\x1b[?7l";  // a line that is wider than it should be is cut instead
constexpr std::string_view wrap = "\x1b[?7h";
constexpr std::string_view erase_to_end_of_line = "\x1b[K";
constexpr std::string_view erase_below = "\x1b[J";

std::string_view begin_of(frame_line::tone how) {
    switch (how) {
        case frame_line::tone::strong: return "\x1b[1m";
        case frame_line::tone::bad: return "\x1b[31m";
        case frame_line::tone::plain: break;
    }
    return {};
}

std::string painted(const frame_line& line, bool colour) {
    const std::string_view begin = colour ? begin_of(line.how) : std::string_view();
    if (begin.empty()) return line.text;
    return fmt::format("{}{}\x1b[0m", begin, line.text);
}

}  // namespace

std::string live_lines::redraw(const std::vector<frame_line>& lines, const terminal_traits& on) {
    std::string out = to_their_beginning(on);
    // What is written over line by line does not flicker; what was broken anew has to go first.
    if (width_ != on.columns) out += erase_below;
    out += do_not_wrap;
    columns_.clear();
    width_ = on.columns;
    for (const frame_line& line : lines) {
        out += fmt::format("{}{}\r\n", painted(line, on.colour), erase_to_end_of_line);
        columns_.push_back(std::min(columns_of(line.text), on.columns));
    }
    out += wrap;
    out += erase_below;
    return out;
}

std::string live_lines::erase(const terminal_traits& on) {
    if (columns_.empty()) return {};
    std::string out = to_their_beginning(on);
    out += erase_below;
    columns_.clear();
    return out;
}

/// Most terminals break lines anew when they become narrower.
std::string live_lines::to_their_beginning(const terminal_traits& on) const {
    std::size_t rows = 0;
    for (const std::size_t columns : columns_) {
        rows += std::max<std::size_t>(1, (columns + on.columns - 1) / std::max<std::size_t>(on.columns, 1));
    }
    return rows > 0 ? fmt::format("\r\x1b[{}A", rows) : "\r";
}

}  // namespace crawl
