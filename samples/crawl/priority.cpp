#include "priority.hpp"

#include <algorithm>

namespace crawl {

bool matches(std::string_view text, std::string_view pattern) noexcept {
    std::size_t at = 0;
    std::size_t in_pattern = 0;
    std::size_t star = std::string_view::npos;  // the last that was met
    std::size_t after_star = 0;                 // where in the text it was tried last
    while (at < text.size()) {
        if (in_pattern < pattern.size() && pattern[in_pattern] == '*') {
            star = in_pattern++;
            after_star = at;
        } else if (in_pattern < pattern.size() && pattern[in_pattern] == text[at]) {
            ++in_pattern;
            ++at;
        } else if (star != std::string_view::npos) {
            in_pattern = star + 1;
            at = ++after_star;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', in_pattern) == std::string_view::npos;
}

std::size_t priority_rules::rank(std::string_view url) const {
    const auto fits = [url](const std::string& pattern) { return matches(url, pattern); };
    if (std::any_of(first.begin(), first.end(), fits)) return 0;
    return std::any_of(last.begin(), last.end(), fits) ? 2 : 1;
}

}  // namespace crawl
