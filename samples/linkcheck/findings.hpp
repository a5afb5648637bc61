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

/// A URL that somebody should know was not checked, or not read: what is behind it nobody knows.
struct unchecked {
    std::string reason;   ///< in a word or two, such as `parser hung`
    std::string page;     ///< as `finding::page`
    std::string detail;   ///< more words; may be empty
    bool failed = false;  ///< it was to be read, and could not be: the check is not complete

    friend auto operator<=>(const unchecked&, const unchecked&) = default;
};

struct findings {
    std::vector<std::string> pages;        ///< HTML pages that were read, sorted
    std::vector<finding> broken;           ///< by page and link
    std::vector<unchecked> not_checked{};  ///< by reason and page
    std::uint64_t links = 0;               ///< a URL in a page once
    std::uint64_t fragments = 0;           ///< that were looked for
    std::uint64_t external = 0;            ///< URLs of other hosts that were asked for
    bool interrupted = false;              ///< the rest was not looked at

    /// Something that was to be read could not be.
    [[nodiscard]] bool incomplete() const;
};

/// Where a folder was served at `served_at`, its files are told from there on, and a folder as its `index.html`, so
/// that the two URLs of that are one. Throws: crawl::store_error.
[[nodiscard]] findings read_findings(crawl::database& from, const std::string& served_at = {});

}  // namespace linkcheck
