#pragma once
// What a single page asks of crawlers: a robots <meta>, the X-Robots-Tag header, the rel of a link.

#include <string_view>

namespace crawl {

/// Is `nofollow`, or `none`, among these words, in any case, whatever stands between them? A directive for a crawler of
/// another name, `googlebot: nofollow`, counts too: what one should not follow is seldom meant for others.
[[nodiscard]] bool asks_nofollow(std::string_view directives);

/// Does one of these X-Robots-Tag headers, a line for each, ask the crawler of this product token not to follow links?
/// `name:` before a directive makes it, and what follows on its line, one for the crawler of that name alone.
/// Source: https://developers.google.com/search/docs/crawling-indexing/robots-meta-tag
[[nodiscard]] bool header_asks_nofollow(std::string_view lines, std::string_view product);

}  // namespace crawl
