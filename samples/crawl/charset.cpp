#include "charset.hpp"

#include "ascii.hpp"
#include "charset_prescan.hpp"
#include "encoding_labels.hpp"
#include "legacy_text.hpp"
#include "utf8.hpp"

namespace crawl {
namespace {

constexpr std::string_view utf8_mark = "\xEF\xBB\xBF";

/// What stands above all else.
std::string_view encoding_of_mark(std::string_view body) {
    if (body.starts_with(utf8_mark)) return "utf-8";
    if (body.starts_with("\xFE\xFF")) return "utf-16be";
    if (body.starts_with("\xFF\xFE")) return "utf-16le";
    return {};
}

std::string_view encoding_of_header(std::string_view content_type) {
    const std::size_t semicolon = content_type.find(';');
    if (semicolon == std::string_view::npos) return {};
    return encoding_of_label(charset_value(content_type.substr(semicolon)));
}

std::string_view declared_outside(std::string_view content_type, std::string_view body) {
    const std::string_view by_mark = encoding_of_mark(body);
    return !by_mark.empty() ? by_mark : encoding_of_header(content_type);
}

}  // namespace

std::string media_type(std::string_view content_type) {
    return ascii::lower_case(ascii::trimmed(ascii::take_until(content_type, ';'), ascii::spaces));
}

std::string_view encoding_of_html(std::string_view content_type, std::string_view body) {
    if (const auto outside = declared_outside(content_type, body); !outside.empty()) return outside;
    const std::string_view inside = declared_in_html(body);
    return !inside.empty() ? inside : detect_encoding(body);
}

std::string_view encoding_of_css(std::string_view content_type, std::string_view body) {
    if (const auto outside = declared_outside(content_type, body); !outside.empty()) return outside;
    const std::string_view inside = declared_in_css(body);
    return !inside.empty() ? inside : "utf-8";
}

std::string_view to_utf8(std::string_view body, std::string_view encoding, std::string& storage) {
    if (encoding == "utf-8") {
        if (body.starts_with(utf8_mark)) body.remove_prefix(utf8_mark.size());
        if (is_valid_utf8(body)) return body;
        storage = repair_utf8(body);
        return storage;
    }
    storage = decode_legacy(body, encoding);
    std::string_view text = storage;
    if (text.starts_with(utf8_mark)) text.remove_prefix(utf8_mark.size());
    return text;
}

}  // namespace crawl
