#pragma once
// A chart of horizontal bars as inline SVG.

#include <string>
#include <string_view>
#include <vector>

namespace crawl {

struct bar {
    std::string label;
    double value;          ///< not negative
    std::string in_words;  ///< shown beside it
};

/// A <figure> of these bars, to scale. It needs nothing but the page it is in; `.bar` is the class of a bar.
[[nodiscard]] std::string bar_chart(std::string_view title, const std::vector<bar>& bars);

/// Text in HTML, also in an attribute in double quotes: valid UTF-8, and nothing in it is markup.
[[nodiscard]] std::string html_text(std::string_view text);

}  // namespace crawl
