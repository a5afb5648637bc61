#include "schema.hpp"

#include <fmt/format.h>

#include "outcome.hpp"
#include "page.hpp"

namespace crawl::schema {
namespace {

constexpr std::string_view tables = R"sql(
CREATE TABLE pages(
  id INTEGER PRIMARY KEY,
  url TEXT NOT NULL,
  depth INTEGER NOT NULL,
  redirects INTEGER NOT NULL,
  status INTEGER,
  type TEXT,
  title TEXT,
  text_length INTEGER,
  content_hash TEXT,
  fetched_at TEXT,
  bytes INTEGER,
  outcome TEXT NOT NULL,
  detail TEXT,
  etag TEXT,
  last_modified TEXT);
CREATE TABLE page_links(from_id INTEGER NOT NULL, to_id INTEGER NOT NULL, kind_id INTEGER NOT NULL,
  nofollow INTEGER NOT NULL);
CREATE TABLE link_kinds(id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE crawl(command TEXT NOT NULL, complete INTEGER NOT NULL);
CREATE VIEW links("from", "to", kind) AS
  SELECT f.url, t.url, k.name FROM page_links l
  JOIN pages f ON f.id = l.from_id JOIN pages t ON t.id = l.to_id JOIN link_kinds k ON k.id = l.kind_id;
)sql";

/// A broken start URL has no referrer, and still a row.
constexpr std::string_view broken_view = R"sql(
CREATE VIEW broken_links(target, status, outcome, detail, referrer, kind) AS
  WITH broken AS MATERIALIZED (SELECT id, url, status, outcome, detail FROM pages
    WHERE status >= 400 OR outcome IN ({})),
  reference AS MATERIALIZED (SELECT from_id, to_id, kind_id FROM page_links WHERE to_id IN (SELECT id FROM broken))
  SELECT b.url, b.status, b.outcome, b.detail, f.url, k.name FROM broken b
  LEFT JOIN reference l ON l.to_id = b.id LEFT JOIN pages f ON f.id = l.from_id LEFT JOIN link_kinds k ON k.id = l.kind_id;
)sql";

std::string broken_outcomes() {
    std::string names;
    for (std::uint8_t i = 0; i < outcome_count; ++i) {
        const auto how = static_cast<outcome>(i);
        if (is_broken(how, 0)) names += fmt::format("{}'{}'", names.empty() ? "" : ", ", to_string(how));
    }
    return names;
}

std::string kinds() {
    std::string sql;
    for (std::uint8_t i = 0; i < link_kind_count; ++i) {
        sql += fmt::format("INSERT INTO link_kinds VALUES({}, '{}');\n", i, to_string(static_cast<link_kind>(i)));
    }
    return sql;
}

}  // namespace

const char* const drop =
    "DROP VIEW IF EXISTS links; DROP VIEW IF EXISTS broken_links; DROP TABLE IF EXISTS pages;"
    "DROP TABLE IF EXISTS page_links; DROP TABLE IF EXISTS link_kinds; DROP TABLE IF EXISTS crawl;";

std::string create() {
    return fmt::format("PRAGMA application_id = {};{}{}{}", application_id, tables,
                       fmt::format(fmt::runtime(broken_view), broken_outcomes()), kinds());
}

}  // namespace crawl::schema
