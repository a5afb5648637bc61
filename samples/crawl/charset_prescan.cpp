#include "charset_prescan.hpp"

#include <algorithm>

#include "ascii.hpp"
#include "encoding_labels.hpp"
#include "text_counter.hpp"

namespace crawl {
namespace {

constexpr std::size_t prescan_length = 1024;

void skip_spaces(std::string_view& text) {
    while (!text.empty() && is_html_space(text.front())) text.remove_prefix(1);
}

/// Takes what is before the first character that ends it.
template <class Ends>
std::string_view take_until(std::string_view& text, Ends ends) {
    const auto* const end = std::find_if(text.begin(), text.end(), ends);
    const std::string_view taken = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    text.remove_prefix(taken.size());
    return taken;
}

struct attribute {
    std::string name;
    std::string value;
};

/// The next attribute of the tag that `text` is in; one without a name at the tag's end.
attribute take_attribute(std::string_view& text) {
    take_until(text, [](char c) { return !is_html_space(c) && c != '/'; });
    attribute found;
    // A `=` in front would be part of the name.
    found.name = ascii::lower_case(take_until(text, [&, first = true](char c) mutable {
        const bool ends = is_html_space(c) || c == '/' || c == '>' || (c == '=' && !first);
        first = false;
        return ends;
    }));
    if (found.name.empty()) return found;
    skip_spaces(text);
    if (!text.starts_with('=')) return found;
    text.remove_prefix(1);
    skip_spaces(text);
    if (text.starts_with('"') || text.starts_with('\'')) {
        const char quote = text.front();
        text.remove_prefix(1);
        found.value = ascii::lower_case(take_until(text, [quote](char c) { return c == quote; }));
        text.remove_prefix(std::min<std::size_t>(1, text.size()));
    } else {
        found.value = ascii::lower_case(take_until(text, [](char c) { return is_html_space(c) || c == '>'; }));
    }
    return found;
}

/// What could be read as ASCII up to here cannot be UTF-16.
std::string_view as_declared(std::string_view encoding) {
    if (encoding.starts_with("utf-16")) return "utf-8";
    return encoding == "x-user-defined" ? "windows-1252" : encoding;
}

/// `text` is what follows `<meta`, and is left at the tag's end.
std::string_view declared_by_meta(std::string_view& text) {
    bool is_pragma = false;
    bool by_content = false;
    std::string label;
    std::string seen = "\n";  // names of attributes: of two, the first counts
    for (attribute a = take_attribute(text); !a.name.empty(); a = take_attribute(text)) {
        if (seen.find('\n' + a.name + '\n') != std::string::npos) continue;
        seen += a.name + '\n';
        if (a.name == "http-equiv") is_pragma = a.value == "content-type";
        if (a.name == "charset") {
            label = a.value;
            by_content = false;
            seen += "content\n";  // which does not count any more
        } else if (a.name == "content" && label.empty()) {
            label = charset_value(a.value);
            by_content = true;
        }
    }
    return by_content && !is_pragma ? std::string_view() : as_declared(encoding_of_label(label));
}

bool starts_with_word(std::string_view text, std::string_view lower_case) {
    return ascii::lower_case(text.substr(0, lower_case.size())) == lower_case;
}

std::string_view declared_in_xml(std::string_view text) {
    if (!text.starts_with("<?xml")) return {};
    text = text.substr(0, text.find('>'));
    const std::size_t at = text.find("encoding");
    if (at == std::string_view::npos) return {};
    text.remove_prefix(at + 8);
    skip_spaces(text);
    if (!text.starts_with('=')) return {};
    text.remove_prefix(1);
    skip_spaces(text);
    if (!text.starts_with('"') && !text.starts_with('\'')) return {};
    const std::size_t end = text.find(text.front(), 1);
    if (end == std::string_view::npos) return {};
    return as_declared(encoding_of_label(text.substr(1, end - 1)));
}

/// Moves past a tag that declares nothing, with `>` in its values if they are quoted.
void skip_tag(std::string_view& text) {
    take_until(text, [](char c) { return is_html_space(c) || c == '>'; });
    while (!take_attribute(text).name.empty()) {
    }
}

}  // namespace

std::string charset_value(std::string_view text) {
    const std::string all = ascii::lower_case(text);
    text = all;
    for (std::size_t at = text.find("charset"); at != std::string_view::npos; at = text.find("charset", at + 1)) {
        std::string_view rest = text.substr(at + 7);
        skip_spaces(rest);
        if (!rest.starts_with('=')) continue;
        rest.remove_prefix(1);
        skip_spaces(rest);
        if (rest.starts_with('"') || rest.starts_with('\'')) {
            const std::size_t close = rest.find(rest[0], 1);
            return close == std::string_view::npos ? std::string() : std::string(rest.substr(1, close - 1));
        }
        return std::string(take_until(rest, [](char c) { return is_html_space(c) || c == ';' || c == ','; }));
    }
    return {};
}

std::string_view declared_in_html(std::string_view body) {
    std::string_view text = body.substr(0, prescan_length);
    if (const auto encoding = declared_in_xml(text); !encoding.empty()) return encoding;
    for (std::size_t tag = text.find('<'); tag != std::string_view::npos; tag = text.find('<')) {
        text.remove_prefix(tag);
        const char second = text.size() > 1 ? static_cast<char>(text[1] | 0x20) : ' ';
        if (text.starts_with("<!--")) {
            const std::size_t end = text.find("-->", 2);
            text.remove_prefix(end == std::string_view::npos ? text.size() : end + 3);
        } else if (starts_with_word(text, "<meta") && text.size() > 5 && (is_html_space(text[5]) || text[5] == '/')) {
            text.remove_prefix(6);
            if (const auto encoding = declared_by_meta(text); !encoding.empty()) return encoding;
        } else if (second >= 'a' && second <= 'z') {
            skip_tag(text);
        } else if (text.starts_with("</") || text.starts_with("<!") || text.starts_with("<?")) {
            take_until(text, [](char c) { return c == '>'; });
        } else {
            text.remove_prefix(1);
        }
    }
    return {};
}

std::string_view declared_in_css(std::string_view body) {
    constexpr std::string_view rule = "@charset \"";
    if (!body.starts_with(rule)) return {};
    body = body.substr(rule.size(), prescan_length);
    const std::size_t end = body.find("\";");
    return end == std::string_view::npos ? std::string_view() : as_declared(encoding_of_label(body.substr(0, end)));
}

}  // namespace crawl
