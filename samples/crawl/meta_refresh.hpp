#pragma once
// Where `<meta http-equiv=refresh>` leads.

#include <optional>
#include <string_view>

namespace crawl {

/// The URL in its `content`, as written; nothing if there is none, so that the page is only loaded anew, or if a
/// browser would not obey it. Source:
/// https://html.spec.whatwg.org/multipage/semantics.html#shared-declarative-refresh-steps
[[nodiscard]] std::optional<std::string_view> refresh_target(std::string_view content);

}  // namespace crawl
