#include "robots_directives.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "ascii.hpp"

namespace crawl {
namespace {

/// The crawler that a directive is addressed to; empty if it is none in particular.
std::string_view addressee(std::string_view directive) {
    constexpr std::array with_value{"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"};
    const std::size_t colon = directive.find(':');
    if (colon == std::string_view::npos) return {};
    const std::string_view name = ascii::trimmed(directive.substr(0, colon));
    const bool is_name = name.find_first_of(" \t") == std::string_view::npos;
    const bool is_directive = std::find(with_value.begin(), with_value.end(), name) != with_value.end();
    return is_name && !is_directive ? name : std::string_view();
}

}  // namespace

bool asks_nofollow(std::string_view directives) {
    if (directives.empty()) return false;
    const auto belongs = [](char c) { return (c >= 'a' && c <= 'z') || c == '-' || c == '_'; };
    std::string text = ascii::lower_case(directives);
    for (auto word = text.begin(); word != text.end();) {
        const auto end = std::find_if_not(word, text.end(), belongs);
        const std::string_view found(word, end);
        if (found == "nofollow" || found == "none") return true;
        word = end == text.end() ? end : end + 1;
    }
    return false;
}

bool header_asks_nofollow(std::string_view lines, std::string_view product) {
    if (lines.empty()) return false;
    const std::string text = ascii::lower_case(lines);
    const std::string me = ascii::lower_case(product);
    for (std::string_view rest = text; !rest.empty();) {
        bool is_for_me = true;
        for (std::string_view line = ascii::take_until(rest, '\n'); !line.empty();) {
            std::string_view directive = ascii::take_until(line, ',');
            if (const std::string_view name = addressee(directive); !name.empty()) {
                is_for_me = name == me || name == "*";
                ascii::take_until(directive, ':');
            }
            if (is_for_me && asks_nofollow(directive)) return true;
        }
    }
    return false;
}

}  // namespace crawl
