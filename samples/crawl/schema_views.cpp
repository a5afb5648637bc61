#include <fmt/format.h>

#include "outcome.hpp"
#include "page.hpp"
#include "schema.hpp"

namespace crawl::schema {
namespace {

constexpr std::string_view plain_views = R"sql(
CREATE VIEW links("from", "to", kind) AS
  SELECT f.url, t.url, k.name FROM page_links l
  JOIN pages f ON f.id = l.from_id JOIN pages t ON t.id = l.to_id JOIN link_kinds k ON k.id = l.kind_id;

CREATE VIEW duplicates(content_hash, copies, bytes, url) AS
  WITH content AS MATERIALIZED (SELECT content_hash AS hash, count(*) AS copies FROM pages
    WHERE outcome = 'fetched' AND status BETWEEN 200 AND 299 AND bytes > 0 GROUP BY content_hash HAVING count(*) > 1)
  SELECT p.content_hash, c.copies, p.bytes, p.url FROM content c JOIN pages p ON p.content_hash = c.hash
  WHERE p.outcome = 'fetched' AND p.status BETWEEN 200 AND 299 AND p.bytes > 0
  ORDER BY c.copies DESC, p.content_hash, p.id;

CREATE VIEW near_duplicates(url, "of", distance, text_length) AS
  SELECT p.url, o.url, n.distance, p.text_length FROM near_copies n
  JOIN pages p ON p.id = n.page_id JOIN pages o ON o.id = n.of_id ORDER BY n.of_id, n.distance, n.page_id;

CREATE VIEW extracts(url, name, value) AS
  SELECT p.url, e.name, e.value FROM page_extracts e JOIN pages p ON p.id = e.page_id;

CREATE VIEW slowest_pages(url, took_ms, status, outcome, type, bytes) AS
  SELECT url, took_ms, status, outcome, type, bytes FROM pages WHERE took_ms IS NOT NULL ORDER BY took_ms DESC, id;

CREATE VIEW largest_pages(url, bytes, received, type, title) AS
  SELECT url, bytes, received, type, title FROM pages WHERE bytes IS NOT NULL ORDER BY bytes DESC, id;

CREATE VIEW sizes(type, pages, bytes, received, mean_bytes, largest_bytes) AS
  SELECT coalesce(type, ''), count(*), sum(bytes), sum(received), avg(bytes), max(bytes) FROM pages
  WHERE bytes IS NOT NULL GROUP BY type ORDER BY sum(bytes) DESC;

CREATE VIEW outcomes(outcome, status, urls) AS
  SELECT outcome, status, count(*) FROM pages GROUP BY outcome, status ORDER BY count(*) DESC, outcome, status;

CREATE VIEW response_times(up_to_ms, urls) AS
  WITH bound(ms) AS (VALUES (1), (3), (10), (30), (100), (300), (1000), (3000), (10000), (30000)),
  timed(up_to_ms) AS (SELECT (SELECT min(ms) FROM bound WHERE took_ms <= ms) FROM pages WHERE took_ms IS NOT NULL)
  SELECT up_to_ms, count(*) FROM timed GROUP BY up_to_ms ORDER BY up_to_ms IS NULL, up_to_ms;

CREATE VIEW depths(depth, pages) AS
  SELECT depth, count(*) FROM pages WHERE outcome = 'fetched' GROUP BY depth ORDER BY depth;
)sql";

// {0} are the outcomes that make a URL broken, {1} the kind of link that a redirect is.

/// A row for every reference to a broken URL, be it direct or by way of redirects. A broken start URL has no referrer,
/// and still a row.
constexpr std::string_view broken_view = R"sql(
CREATE VIEW broken_links(target, status, outcome, detail, referrer, kind, via) AS
  WITH RECURSIVE broken AS MATERIALIZED (SELECT id, url, status, outcome, detail FROM pages
    WHERE status >= 400 OR outcome IN ({0})),
  redirect AS MATERIALIZED (SELECT from_id, to_id FROM page_links WHERE kind_id = {1}),
  leading(broken_id, id) AS (SELECT id, id FROM broken
    UNION SELECT l.broken_id, r.from_id FROM leading l JOIN redirect r ON r.to_id = l.id),
  reference AS MATERIALIZED (SELECT from_id, to_id, kind_id FROM page_links WHERE to_id IN (SELECT id FROM leading))
  SELECT b.url, b.status, b.outcome, b.detail, f.url, k.name, CASE WHEN l.id <> l.broken_id THEN v.url END
  FROM leading l JOIN broken b ON b.id = l.broken_id JOIN pages v ON v.id = l.id
  LEFT JOIN reference r ON r.to_id = l.id LEFT JOIN pages f ON f.id = r.from_id
  LEFT JOIN link_kinds k ON k.id = r.kind_id
  WHERE l.id = l.broken_id OR r.kind_id <> {1};
)sql";

/// Redirects in a circle end nowhere: `final` is NULL.
constexpr std::string_view redirects_view = R"sql(
CREATE VIEW redirects("from", status, "to", final, final_status, final_outcome, hops) AS
  WITH RECURSIVE redirect AS MATERIALIZED (SELECT from_id, to_id FROM page_links WHERE kind_id = {1}),
  way(id, at, hops) AS (SELECT from_id, to_id, 1 FROM redirect
    UNION ALL SELECT w.id, r.to_id, w.hops + 1 FROM way w JOIN redirect r ON r.from_id = w.at WHERE w.hops < 100),
  arrival AS MATERIALIZED (SELECT id, at, hops FROM way WHERE at NOT IN (SELECT from_id FROM redirect))
  SELECT f.url, f.status, t.url, e.url, e.status, e.outcome, a.hops FROM redirect r
  JOIN pages f ON f.id = r.from_id JOIN pages t ON t.id = r.to_id
  LEFT JOIN arrival a ON a.id = r.from_id LEFT JOIN pages e ON e.id = a.at;
)sql";

/// The fragment of a redirect goes before that of the link to it. Only the places of HTML pages are known,
/// and not of those whose `detail` says that some were left out.
constexpr std::string_view fragments_view = R"sql(
CREATE VIEW broken_fragments(target, fragment, referrer, via) AS
  WITH RECURSIVE redirect AS MATERIALIZED (SELECT l.from_id, l.to_id, f.fragment, f.decoded FROM page_links l
    LEFT JOIN fragment_links f ON f.from_id = l.from_id AND f.to_id = l.to_id WHERE l.kind_id = {1}),
  aim(from_id, named_id, id, fragment, decoded, hops) AS (
    SELECT from_id, to_id, to_id, fragment, decoded, 0 FROM fragment_links
    UNION ALL SELECT a.from_id, a.named_id, r.to_id, coalesce(r.fragment, a.fragment), coalesce(r.decoded, a.decoded),
      a.hops + 1 FROM aim a JOIN redirect r ON r.from_id = a.id WHERE a.hops < 100)
  SELECT t.url, a.fragment, f.url, CASE WHEN a.id <> a.named_id THEN v.url END
  FROM aim a JOIN pages t ON t.id = a.id JOIN pages f ON f.id = a.from_id JOIN pages v ON v.id = a.named_id
  WHERE a.fragment <> '' AND t.text_length IS NOT NULL AND t.detail IS NULL
    AND NOT EXISTS (SELECT 1 FROM places WHERE page_id = a.id AND name IN (a.fragment, a.decoded));
)sql";

std::string broken_outcomes() {
    std::string names;
    for (std::uint8_t i = 0; i < outcome_count; ++i) {
        const auto how = static_cast<outcome>(i);
        if (is_broken(how, 0)) names += fmt::format("{}'{}'", names.empty() ? "" : ", ", to_string(how));
    }
    return names;
}

}  // namespace

std::string create_views() {
    const std::string outcomes = broken_outcomes();
    const int redirect = static_cast<int>(link_kind::redirect);
    return std::string(plain_views) + fmt::format(broken_view, outcomes, redirect) +
           fmt::format(redirects_view, outcomes, redirect) + fmt::format(fragments_view, outcomes, redirect);
}

}  // namespace crawl::schema
