#include "wildcard.hpp"

namespace crawl {

bool matches(std::string_view text, std::string_view pattern) noexcept {
    std::size_t as_many_as_it_takes = std::string_view::npos;
    return matches(text, pattern, true, as_many_as_it_takes);
}

/// The last `*` takes more whenever what follows it does not match.
bool matches(std::string_view text, std::string_view pattern, bool whole, std::size_t& left) noexcept {
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = std::string_view::npos;  // the last that was met
    std::size_t after_star = 0;                 // where in the text it was tried last
    for (; left > 0; --left) {
        if (p == pattern.size() && (!whole || t == text.size())) return true;
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            after_star = t;
        } else if (p < pattern.size() && t < text.size() && pattern[p] == text[t]) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos && t < text.size()) {
            p = star + 1;
            t = ++after_star;
        } else {
            return false;
        }
    }
    return false;
}

}  // namespace crawl
