#include "process/output_lines.hpp"

#include <fmt/format.h>

#include <charconv>
#include <iterator>
#include <utility>

namespace braid::process_detail {

namespace {

using namespace std::string_view_literals;

// No text begins like this: it has a zero byte.
constexpr std::string_view mark_head = "\0braid:"sv;
constexpr std::size_t mark_digits = 16;

/// Takes the mark at the end of the line away, if there is one.
std::optional<std::uint64_t> take_mark(std::string_view& line) {
    constexpr std::size_t length = mark_head.size() + mark_digits;
    if (line.size() < length) return std::nullopt;
    const std::string_view end = line.substr(line.size() - length);
    if (!end.starts_with(mark_head)) return std::nullopt;
    std::uint64_t call = 0;
    const auto read = std::from_chars(end.data() + mark_head.size(), end.data() + end.size(), call, 16);
    if (read.ec != std::errc() || read.ptr != end.data() + end.size()) return std::nullopt;
    line.remove_suffix(length);
    return call;
}

}  // namespace

std::string output_mark(std::uint64_t call) { return fmt::format("{}{:016x}\n", mark_head, call); }

void output_lines::feed(std::string_view bytes) {
    for (std::size_t end = bytes.find('\n'); end != bytes.npos; end = bytes.find('\n')) {
        unfinished_ += bytes.substr(0, end);
        end_line(unfinished_);
        unfinished_.clear();
        bytes.remove_prefix(end + 1);
    }
    unfinished_ += bytes;
    while (unfinished_.size() > longest + mark_head.size() + mark_digits) {  // a mark is not to be cut
        add(std::string_view(unfinished_).substr(0, longest), true);
        unfinished_.erase(0, longest);
    }
}

void output_lines::end_line(std::string_view line) {
    const auto mark = take_mark(line);
    for (; line.size() > longest; line.remove_prefix(longest)) add(line.substr(0, longest), true);
    if (!mark || !line.empty()) add(line, false);
    if (mark) claim(end(), *mark);
}

void output_lines::add(std::string_view text, bool goes_on) {
    lines_.push_back({.text = std::string(text), .goes_on = goes_on});
    bytes_ += text.size();
}

void output_lines::claim(std::uint64_t until, std::optional<std::uint64_t> call) {
    for (; taken_ + claimed_ < until; ++claimed_) lines_[claimed_].call = call;
}

void output_lines::finish() {
    if (!unfinished_.empty()) end_line(std::exchange(unfinished_, {}));
}

std::vector<output_line> output_lines::take_claimed() {
    const auto end = lines_.begin() + static_cast<std::ptrdiff_t>(claimed_);
    std::vector<output_line> taken(std::make_move_iterator(lines_.begin()), std::make_move_iterator(end));
    lines_.erase(lines_.begin(), end);
    taken_ += std::exchange(claimed_, 0);
    for (const output_line& each : taken) bytes_ -= each.text.size();
    return taken;
}

}  // namespace braid::process_detail
