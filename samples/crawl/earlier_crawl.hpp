#pragma once
// The pages of the crawl that is being refreshed: what a server says has not changed is taken from there.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "page.hpp"
#include "sqlite.hpp"
#include "store.hpp"
#include "validators.hpp"

namespace crawl {

/// What the database holds of a page.
struct earlier_page {
    finished_record end;
    std::vector<link> links;
    page_places fragments{};  ///< if those were looked for
    std::vector<extract> extracts{};
};

/// The tables of an earlier crawl, beside those of the one that goes on in the same file. Threads: one at a time.
/// Throws: store_error.
class earlier_crawl {
public:
    /// Gives the tables of the file's crawl other names, with an index, and removes what else is there, but for what is
    /// known of its archive if that is gone on with.
    static void set_aside(database& db, bool keep_archive);
    static void drop(database& db);
    [[nodiscard]] static bool is_in(database& db);

    /// The tables are there.
    explicit earlier_crawl(database& db);

    /// By what a server can be asked whether the page has changed. Nothing if it said nothing of the kind, or the page
    /// was not fetched and parsed well.
    [[nodiscard]] std::optional<validators> validators_of(std::string_view url);

    /// The page that has those.
    [[nodiscard]] std::optional<earlier_page> page(std::string_view url);

private:
    [[nodiscard]] std::vector<link> links_of(std::int64_t id);
    [[nodiscard]] page_places fragments_of(std::int64_t id);
    [[nodiscard]] std::vector<extract> extracts_of(std::int64_t id);

    statement find_;
    statement links_;
    statement places_;
    statement fragments_;
    statement extracts_;
};

}  // namespace crawl
