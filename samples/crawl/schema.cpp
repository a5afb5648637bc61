#include "schema.hpp"

#include <fmt/format.h>

#include <vector>

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
  took_ms REAL,
  bytes INTEGER,
  received INTEGER,
  outcome TEXT NOT NULL,
  detail TEXT,
  etag TEXT,
  last_modified TEXT,
  language TEXT,
  simhash INTEGER);
CREATE TABLE page_links(from_id INTEGER NOT NULL, to_id INTEGER NOT NULL, kind_id INTEGER NOT NULL,
  nofollow INTEGER NOT NULL);
CREATE TABLE link_kinds(id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE places(page_id INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY(page_id, name)) WITHOUT ROWID;
CREATE TABLE fragment_links(
  from_id INTEGER NOT NULL,
  to_id INTEGER NOT NULL,
  fragment TEXT NOT NULL,
  decoded TEXT NOT NULL);
CREATE TABLE page_extracts(page_id INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL);
CREATE TABLE near_copies(page_id INTEGER PRIMARY KEY, of_id INTEGER NOT NULL, distance INTEGER NOT NULL);
CREATE TABLE crawl(
  command TEXT NOT NULL,
  complete INTEGER NOT NULL,
  exported INTEGER NOT NULL DEFAULT 0,
  archive TEXT,
  archived INTEGER NOT NULL DEFAULT 0);
-- A refresh may have left it there.
CREATE TABLE IF NOT EXISTS archived_payloads(
  digest TEXT PRIMARY KEY,
  url TEXT NOT NULL,
  date TEXT NOT NULL,
  record TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE cookies(name TEXT NOT NULL, value TEXT NOT NULL, domain TEXT NOT NULL, path TEXT NOT NULL,
  host_only INTEGER NOT NULL, secure INTEGER NOT NULL, until INTEGER);
)sql";

std::string kinds() {
    std::string sql;
    for (std::uint8_t i = 0; i < link_kind_count; ++i) {
        sql += fmt::format("INSERT INTO link_kinds VALUES({}, '{}');\n", i, to_string(static_cast<link_kind>(i)));
    }
    return sql;
}

}  // namespace

void drop_all(database& db) {
    std::string sql;
    {
        statement query(db,
                        "SELECT type, name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT GLOB "
                        "'sqlite_*'");
        while (query.step()) sql += fmt::format("DROP {} \"{}\";", query.text(0), query.text(1));
    }
    db.execute(sql);
}

std::string create() {
    return fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {};{}{}{}", application_id, version, tables,
                       create_views(), kinds());
}

}  // namespace crawl::schema
