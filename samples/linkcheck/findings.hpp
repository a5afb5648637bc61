#pragma once
// What a check found, read from the database that the crawl left.

#include <crawl/sqlite.hpp>

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

namespace linkcheck {

/// One broken link.
struct finding {
    std::string page;     ///< where it is; empty for what the check was to begin with
    std::string link;     ///< where it leads, with its fragment
    std::string problem;  ///< in words
    std::string kind;     ///< the element, `css url`, `css import` or `redirect`
    std::string via;      ///< the redirecting URL that the page names, if it is not the link itself

    friend auto operator<=>(const finding&, const finding&) = default;
};

struct findings {
    std::vector<std::string> pages;  ///< HTML pages that were read, sorted
    std::vector<finding> broken;     ///< by page and link
    std::uint64_t links = 0;         ///< a URL in a page once
    std::uint64_t fragments = 0;     ///< that were looked for
    std::uint64_t external = 0;      ///< URLs of other hosts
};

/// Where a folder was served at `served_at`, its files are told from there on, and a folder as its `index.html`, so
/// that the two URLs of that are one. Throws: crawl::store_error.
[[nodiscard]] findings read_findings(crawl::database& from, const std::string& served_at = {});

}  // namespace linkcheck
