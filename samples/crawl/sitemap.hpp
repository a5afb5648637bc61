#pragma once
// Sitemaps (https://www.sitemaps.org/protocol.html): XML files, also gzipped, in which a site names its pages to
// crawlers.

#include <string_view>

#include "link_set.hpp"

namespace crawl {

/// May it be a sitemap, by its media type and URL?
[[nodiscard]] bool may_be_sitemap(std::string_view media_type, std::string_view url);

/// Collects what a sitemap, or an index of them, names. Of one that is larger than the protocol allows, breaks off or
/// is malformed, what comes well before; of any other document nothing. Threads: any number at once.
/// Throws: std::runtime_error if libxml2 runs out of memory.
void read_sitemap(std::string_view file, link_set& references);

}  // namespace crawl
