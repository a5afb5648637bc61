#pragma once
// The CPU-bound stage: what is in a document. A plain function of plain data, made to run in a worker process.

#include <string_view>

#include "page.hpp"

namespace crawl {

/// Is it a media type of HTML?
[[nodiscard]] bool is_html(std::string_view media_type);

/// Can a document of this media type refer to others, so that it is worth parsing?
[[nodiscard]] bool can_refer(std::string_view media_type);

/// Parses HTML (no tree is built, nothing is fetched), CSS or a sitemap; other types give an empty page with its hash.
/// Never fails on bad markup. Threads: any number at once.
/// Throws: std::invalid_argument if the document's own URL is none.
[[nodiscard]] parsed_page parse_page(const document& doc);

/// The same, and the fragments of HTML.
[[nodiscard]] parsed_page parse_page_and_fragments(const document& doc);

}  // namespace crawl
