#include "bar_chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "utf8.hpp"

namespace crawl {
namespace {

// Pixels.
constexpr int row_height = 22;
constexpr int bar_height = 16;
constexpr int labels_width = 200;
constexpr int longest_bar = 340;
constexpr int words_width = 140;
constexpr int gap = 8;
constexpr int baseline = 13;
constexpr std::size_t longest_label = 30;  // characters that fit into labels_width

/// Cut between two characters.
std::string shortened(const std::string& label) {
    if (label.size() <= longest_label) return label;
    std::size_t end = longest_label - 1;
    while (end > 0 && (static_cast<unsigned char>(label[end]) & 0xC0U) == 0x80U) --end;
    return label.substr(0, end) + "\xE2\x80\xA6";  // an ellipsis
}

}  // namespace

std::string bar_chart(std::string_view title, const std::vector<bar>& bars) {
    double most = 0;
    for (const bar& b : bars) most = std::max(most, b.value);
    std::string svg;
    const auto out = std::back_inserter(svg);
    fmt::format_to(out, "<figure><figcaption>{}</figcaption>\n<svg width=\"{}\" height=\"{}\" role=\"img\">\n",
                   html_text(title), labels_width + longest_bar + words_width,
                   static_cast<int>(bars.size()) * row_height);
    int y = 0;
    for (const bar& b : bars) {
        const double length = most > 0 ? std::max(1.0, b.value / most * longest_bar) : 1.0;
        fmt::format_to(out, "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>", labels_width - gap, y + baseline,
                       html_text(shortened(b.label)));
        fmt::format_to(out, "<rect class=\"bar\" x=\"{}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\"/>", labels_width, y,
                       length, bar_height);
        fmt::format_to(out, "<text x=\"{:.1f}\" y=\"{}\">{}</text>\n", labels_width + length + gap, y + baseline,
                       html_text(b.in_words));
        y += row_height;
    }
    svg += "</svg></figure>\n";
    return svg;
}

std::string html_text(std::string_view text) {
    const std::string valid = repair_utf8(text);
    std::string out;
    out.reserve(valid.size());
    for (const char c : valid) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            default: out += static_cast<unsigned char>(c) < ' ' && c != '\n' && c != '\t' ? ' ' : c;
        }
    }
    return out;
}

}  // namespace crawl
