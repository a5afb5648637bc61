#include "robots_directives.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace crawl {
namespace {

std::string in_lower_case(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    }
    return lower;
}

std::string_view take_part(std::string_view& text, char end) {
    const std::size_t at = std::min(text.find(end), text.size());
    const std::string_view part = text.substr(0, at);
    text.remove_prefix(std::min(at + 1, text.size()));
    return part;
}

std::string_view without_blanks(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// The crawler that a directive is addressed to; empty if it is none in particular.
std::string_view addressee(std::string_view directive) {
    constexpr std::array with_value{"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"};
    const std::size_t colon = directive.find(':');
    if (colon == std::string_view::npos) return {};
    const std::string_view name = without_blanks(directive.substr(0, colon));
    const bool is_name = name.find_first_of(" \t") == std::string_view::npos;
    const bool is_directive = std::find(with_value.begin(), with_value.end(), name) != with_value.end();
    return is_name && !is_directive ? name : std::string_view();
}

}  // namespace

bool asks_nofollow(std::string_view directives) {
    if (directives.empty()) return false;
    const auto belongs = [](char c) { return (c >= 'a' && c <= 'z') || c == '-' || c == '_'; };
    std::string text = in_lower_case(directives);
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
    const std::string text = in_lower_case(lines);
    const std::string me = in_lower_case(product);
    for (std::string_view rest = text; !rest.empty();) {
        bool is_for_me = true;
        for (std::string_view line = take_part(rest, '\n'); !line.empty();) {
            std::string_view directive = take_part(line, ',');
            if (const std::string_view name = addressee(directive); !name.empty()) {
                is_for_me = name == me || name == "*";
                take_part(directive, ':');
            }
            if (is_for_me && asks_nofollow(directive)) return true;
        }
    }
    return false;
}

}  // namespace crawl
