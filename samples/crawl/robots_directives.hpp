#pragma once
// What a single page asks of crawlers: a robots <meta>, the X-Robots-Tag header, the rel of a link.

#include <string_view>

namespace crawl {

/// Is `nofollow`, or `none`, among these words, in any case, whatever stands between them? A directive for a crawler of
/// another name, `googlebot: nofollow`, counts too: what one should not follow is seldom meant for others.
[[nodiscard]] bool asks_nofollow(std::string_view directives);

}  // namespace crawl
