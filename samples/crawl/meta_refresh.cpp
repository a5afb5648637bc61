#include "meta_refresh.hpp"

#include <cstddef>

#include "html_tokenizer.hpp"
#include "text_counter.hpp"

namespace crawl {
namespace {

void skip_spaces(std::string_view& text) {
    while (!text.empty() && is_html_space(text.front())) text.remove_prefix(1);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Past `5`, `5.2` or `.5`. False if it is no number.
bool skip_seconds(std::string_view& text) {
    if (text.empty() || (!is_digit(text.front()) && text.front() != '.')) return false;
    while (!text.empty() && (is_digit(text.front()) || text.front() == '.')) text.remove_prefix(1);
    return true;
}

/// Past `url =`, if it is there: what else begins with these letters is a URL that does.
void skip_name(std::string_view& text) {
    constexpr std::string_view name = "url";
    if (!same_html_word(text.substr(0, name.size()), name)) return;
    std::string_view rest = text.substr(name.size());
    skip_spaces(rest);
    if (rest.empty() || rest.front() != '=') return;
    rest.remove_prefix(1);
    skip_spaces(rest);
    text = rest;
}

}  // namespace

std::optional<std::string_view> refresh_target(std::string_view content) {
    skip_spaces(content);
    if (!skip_seconds(content)) return std::nullopt;
    const std::size_t before = content.size();
    skip_spaces(content);
    if (content.empty()) return std::nullopt;
    if (content.front() == ';' || content.front() == ',') {
        content.remove_prefix(1);
    } else if (content.size() == before) {
        return std::nullopt;
    }
    skip_spaces(content);
    skip_name(content);
    if (!content.empty() && (content.front() == '\'' || content.front() == '"')) {
        const char quote = content.front();
        content.remove_prefix(1);
        content = content.substr(0, content.find(quote));
    }
    if (content.empty()) return std::nullopt;
    return content;
}

}  // namespace crawl
