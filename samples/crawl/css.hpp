#pragma once
// Finds what a style sheet refers to.

#include <string>
#include <string_view>
#include <vector>

namespace crawl {

struct css_reference {
    std::string href;  ///< with its CSS escapes resolved, not yet resolved against a base
    bool is_import;    ///< from `@import`, not from `url()`
};

/// Every `url()` and `@import` of a style sheet, or of a style attribute's declarations. As tolerant as a browser:
/// what does not parse is skipped up to where a browser goes on.
[[nodiscard]] std::vector<css_reference> css_references(std::string_view css);

}  // namespace crawl
