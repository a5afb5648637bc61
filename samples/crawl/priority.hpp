#pragma once
// Which URLs of a host are fetched before others.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace crawl {

/// Patterns of canonical URLs, see wildcard.hpp. What matches `first` goes first, whatever `last` says; without any, it
/// is breadth first.
struct priority_rules {
    std::vector<std::string> first;
    std::vector<std::string> last;

    static constexpr std::size_t ranks = 3;

    /// From 0, which goes first.
    [[nodiscard]] std::size_t rank(std::string_view url) const;
};

}  // namespace crawl
