#include "robots_directives.hpp"

#include <algorithm>
#include <string>

namespace crawl {

bool asks_nofollow(std::string_view directives) {
    if (directives.empty()) return false;
    const auto belongs = [](char c) { return (c >= 'a' && c <= 'z') || c == '-' || c == '_'; };
    std::string text(directives);
    for (char& c : text) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    }
    for (auto word = text.begin(); word != text.end();) {
        const auto end = std::find_if_not(word, text.end(), belongs);
        const std::string_view found(word, end);
        if (found == "nofollow" || found == "none") return true;
        word = end == text.end() ? end : end + 1;
    }
    return false;
}

}  // namespace crawl
