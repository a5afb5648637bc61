#pragma once
// A check that had nothing to check: why, and what the user can do.

#include <crawl/sqlite.hpp>

#include <string>

namespace linkcheck {

/// Whether the crawl read an HTML page at all.
[[nodiscard]] bool has_pages(crawl::database& found);

/// What became of the URL that the crawl began with, for one that read no page. Throws: crawl::store_error.
[[nodiscard]] std::string what_became_of_start(crawl::database& found);

}  // namespace linkcheck
