#pragma once
// Text for terminals: how wide it is, shorter versions of it, and nothing in it that could control them.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace crawl {

/// UTF-8 without what a terminal might obey, each character of it replaced by a question mark: a page must not be able
/// to write to the terminal.
[[nodiscard]] std::string printable(std::string_view text);

/// The same in ASCII: every other character is a question mark, too.
[[nodiscard]] std::string printable_ascii(std::string_view text);

/// How many columns printable text takes.
[[nodiscard]] std::size_t columns_of(std::string_view text);

/// The text, if it takes at most that many columns; else with `mark` in the place of what is too much of it: in its
/// middle, where the least telling part of a URL is, or at its end. Empty if there is no room for the mark.
[[nodiscard]] std::string cut_middle(std::string_view text, std::size_t columns, std::string_view mark);
[[nodiscard]] std::string cut_end(std::string_view text, std::size_t columns, std::string_view mark);

/// A number of things, such as "1 page" and "2 pages".
[[nodiscard]] std::string count_of(std::uint64_t count, std::string_view thing);

/// An amount of bytes, such as "1.5 MiB".
[[nodiscard]] std::string human_bytes(double bytes);

}  // namespace crawl
