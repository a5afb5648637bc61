#include "terminal_screen.hpp"

#include <crawl/utf8.hpp>

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace crawl::testing {
void terminal_screen::write(std::string_view text) {
    while (!text.empty()) {
        if (text.starts_with("\x1b[")) {
            text.remove_prefix(obey(text));
            continue;
        }
        const code_point next = first_code_point(text);
        text.remove_prefix(next.size);
        const char32_t c = next.code;
        if (c == U'\r' || c == U'\n') x_ = 0;  // the line discipline makes \r\n of a newline
        if (c == U'\n') ++y_;
        if (c != U'\r' && c != U'\n') put(c);
        here();
    }
}

std::size_t terminal_screen::obey(std::string_view sequence) {
    constexpr std::string_view do_not_wrap = "\x1b[?7l";
    if (sequence.starts_with(do_not_wrap) || sequence.starts_with("\x1b[?7h")) {
        wraps_ = !sequence.starts_with(do_not_wrap);
        return do_not_wrap.size();
    }
    const std::size_t end = sequence.find_first_not_of("0123456789", 2);
    if (end == std::string_view::npos) throw std::runtime_error("a control sequence without its end");
    std::size_t number = 0;
    std::from_chars(sequence.data() + 2, sequence.data() + end, number);
    here();
    switch (sequence[end]) {
        case 'A': y_ -= std::min(y_, std::max<std::size_t>(number, 1)); break;
        case 'J': rows_.resize(y_ + 1); [[fallthrough]];
        case 'K':
            rows_[y_].text.resize(std::min(rows_[y_].text.size(), x_));
            rows_[y_].wraps = false;
            break;
        case 'm': break;
        default:
            throw std::runtime_error("a control sequence that is not known: " +
                                     std::string(sequence.substr(0, end + 1)));
    }
    return end + 1;
}

void terminal_screen::put(char32_t character) {
    if (x_ == columns_ && !wraps_) --x_;
    if (x_ == columns_) {
        here().wraps = true;
        x_ = 0;
        ++y_;
    }
    std::u32string& text = here().text;
    if (text.size() <= x_) text.resize(x_ + 1, U' ');
    text[x_++] = character;
}

terminal_screen::row& terminal_screen::here() {
    if (y_ >= rows_.size()) rows_.resize(y_ + 1);
    return rows_[y_];
}

void terminal_screen::resize(std::size_t columns) {
    std::vector<row> lines(1);
    std::size_t line_of_cursor = 0;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        if (i == y_) line_of_cursor = lines.size() - 1;
        lines.back().text += rows_[i].text;
        if (!rows_[i].wraps && i + 1 < rows_.size()) lines.emplace_back();
    }
    columns_ = columns;
    rows_.clear();
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (i == line_of_cursor) y_ = rows_.size();
        std::u32string rest = lines[i].text;
        for (; rest.size() > columns_; rest.erase(0, columns_)) rows_.push_back({rest.substr(0, columns_), true});
        rows_.push_back({rest, false});
    }
}

std::string terminal_screen::text() const {
    std::string all;
    for (const row& r : rows_) {
        std::string line;
        for (const char32_t c : r.text) append_utf8(line, c);
        line.erase(line.find_last_not_of(' ') + 1);
        all += line + '\n';
    }
    const std::size_t last = all.find_last_not_of('\n');
    all.resize(last == std::string::npos ? 0 : last + 2);
    return all;
}

}  // namespace crawl::testing
