#include "earlier_crawl.hpp"

#include <fmt/format.h>

#include "outcome.hpp"

namespace crawl {
namespace {

std::optional<std::uint64_t> number_at(const statement& row, int column) {
    if (row.is_null(column)) return std::nullopt;
    return static_cast<std::uint64_t>(row.integer(column));
}

/// Views and indexes would follow their tables to the new names.
void drop_all(database& db, std::string_view type, std::string_view which = "TRUE") {
    std::vector<std::string> names;
    {
        statement query(db, fmt::format("SELECT name FROM sqlite_schema WHERE type = '{}' AND sql IS NOT NULL AND name "
                                        "NOT GLOB 'sqlite_*' AND {}",
                                        type, which));
        while (query.step()) names.push_back(query.text(0));
    }
    for (const std::string& name : names) db.execute(fmt::format("DROP {} \"{}\"", type, name));
}

}  // namespace

void earlier_crawl::set_aside(database& db, bool keep_archive) {
    drop_all(db, "view");
    drop_all(db, "index");
    db.execute(
        "ALTER TABLE pages RENAME TO earlier_pages; ALTER TABLE page_links RENAME TO earlier_links;"
        "ALTER TABLE places RENAME TO earlier_places; ALTER TABLE fragment_links RENAME TO earlier_fragments;"
        "ALTER TABLE page_extracts RENAME TO earlier_extracts");
    drop_all(db, "table",
             fmt::format("name NOT GLOB 'earlier_*' AND name <> '{}'", keep_archive ? "archived_payloads" : ""));
    db.execute(
        "CREATE INDEX earlier_pages_by_url ON earlier_pages(url);"
        "CREATE INDEX earlier_links_by_page ON earlier_links(from_id);"
        "CREATE INDEX earlier_fragments_by_page ON earlier_fragments(from_id);"
        "CREATE INDEX earlier_extracts_by_page ON earlier_extracts(page_id)");
}

void earlier_crawl::drop(database& db) {
    for (const char* name : {"pages", "links", "places", "fragments", "extracts"}) {
        db.execute(fmt::format("DROP TABLE IF EXISTS earlier_{}", name));
    }
}

bool earlier_crawl::is_in(database& db) {
    return db.query_integer("SELECT count(*) FROM sqlite_schema WHERE name = 'earlier_pages'") != 0;
}

earlier_crawl::earlier_crawl(database& db)
    : find_(db, fmt::format(
                    "SELECT id, status, type, title, text_length, content_hash, bytes, etag, last_modified, language, "
                    "simhash, detail "
                    "FROM earlier_pages WHERE url = ?1 AND outcome = '{}' AND status BETWEEN 200 AND 299 "
                    "AND (etag IS NOT NULL OR last_modified IS NOT NULL)",
                    to_string(outcome::fetched))),
      links_(db,
             "SELECT p.url, l.kind_id, p.outcome, p.detail, l.nofollow FROM earlier_links l "
             "JOIN earlier_pages p ON p.id = l.to_id WHERE l.from_id = ?1 ORDER BY l.rowid"),
      places_(db, "SELECT name FROM earlier_places WHERE page_id = ?1"),
      fragments_(db,
                 "SELECT p.url, f.fragment FROM earlier_fragments f JOIN earlier_pages p ON p.id = f.to_id "
                 "WHERE f.from_id = ?1 ORDER BY f.to_id, f.rowid"),
      extracts_(db, "SELECT name, value FROM earlier_extracts WHERE page_id = ?1 ORDER BY rowid") {}

std::optional<validators> earlier_crawl::validators_of(std::string_view url) {
    find_.bind(1, url);
    if (!find_.step()) return std::nullopt;
    validators known{find_.text(7), find_.text(8)};
    find_.reset();
    return known;
}

std::optional<earlier_page> earlier_crawl::page(std::string_view url) {
    find_.bind(1, url);
    if (!find_.step()) return std::nullopt;
    const std::int64_t id = find_.integer(0);
    earlier_page found;
    found.end = {.id = 0,
                 .how = outcome::fetched,
                 .detail = find_.text(11),
                 .status = static_cast<int>(find_.integer(1)),
                 .type = find_.text(2),
                 .title = find_.text(3),
                 .text_length = number_at(find_, 4),
                 .content_hash = parse_hash(find_.text(5)),
                 .simhash = number_at(find_, 10),
                 .bytes = number_at(find_, 6),
                 .known = {find_.text(7), find_.text(8)},
                 .language = find_.text(9)};
    find_.reset();
    found.links = links_of(id);
    found.fragments = fragments_of(id);
    found.extracts = extracts_of(id);
    return found;
}

std::vector<extract> earlier_crawl::extracts_of(std::int64_t id) {
    std::vector<extract> found;
    extracts_.bind(1, id);
    while (extracts_.step()) found.push_back({extracts_.text(0), extracts_.text(1)});
    return found;
}

std::vector<link> earlier_crawl::links_of(std::int64_t id) {
    std::vector<link> links;
    links_.bind(1, id);
    while (links_.step()) {
        const auto how = outcome_of(links_.text(2));
        const bool bad_scheme = how == outcome::bad_scheme;
        std::string problem = bad_scheme || how == outcome::bad_url ? links_.text(3) : std::string();
        if (problem.empty() && (bad_scheme || how == outcome::bad_url)) problem = links_.text(2);
        links.push_back({links_.text(0), static_cast<link_kind>(links_.integer(1)), std::move(problem), bad_scheme,
                         links_.integer(4) != 0});
    }
    return links;
}

page_places earlier_crawl::fragments_of(std::int64_t id) {
    page_places found;
    places_.bind(1, id);
    while (places_.step()) found.places.push_back(places_.text(0));
    fragments_.bind(1, id);
    while (fragments_.step()) {
        std::string url = fragments_.text(0);
        if (found.fragments.empty() || found.fragments.back().url != url)
            found.fragments.push_back({std::move(url), {}});
        found.fragments.back().fragments.push_back(fragments_.text(1));
    }
    return found;
}

}  // namespace crawl
