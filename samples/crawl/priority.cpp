#include "priority.hpp"

#include <algorithm>

#include "wildcard.hpp"

namespace crawl {

std::size_t priority_rules::rank(std::string_view url) const {
    const auto fits = [url](const std::string& pattern) { return matches(url, pattern); };
    if (std::any_of(first.begin(), first.end(), fits)) return 0;
    return std::any_of(last.begin(), last.end(), fits) ? 2 : 1;
}

}  // namespace crawl
