#include "start.hpp"

#include <crawl/outcome.hpp>
#include <crawl/page.hpp>
#include <crawl/url.hpp>
#include <fmt/format.h>

#include <cstdint>

namespace linkcheck {
namespace {

using crawl::outcome;
using crawl::statement;

constexpr std::int64_t endless = 100;

// One row: the first URL, and the last that redirects lead to from there. ?1 is the kind of link that they are.
constexpr std::string_view way_of_start = R"sql(
WITH RECURSIVE way(id, hops) AS (SELECT min(id), 0 FROM pages
  UNION ALL SELECT l.to_id, w.hops + 1 FROM way w JOIN page_links l ON l.from_id = w.id
    WHERE l.kind_id = ?1 AND w.hops < ?2)
SELECT w.hops, f.url, t.url, t.outcome, coalesce(t.detail, ''), coalesce(t.type, ''), coalesce(t.status, 0)
  FROM way w JOIN pages t ON t.id = w.id JOIN pages f ON f.id = (SELECT min(id) FROM pages)
  ORDER BY w.hops DESC LIMIT 1)sql";

std::string why(const statement& end) {
    const std::string name = end.text(3);
    const std::string detail = end.text(4);
    const std::string type = end.text(5);
    if (name == to_string(outcome::out_of_scope)) {
        const auto target = crawl::parse_url(end.text(2));
        return fmt::format("is on another host: start there, or take that in by --include-hosts {}",
                           target ? std::string(target->authority()) : end.text(2));
    }
    if (name == to_string(outcome::fetched)) {
        if (end.integer(6) >= 300) return fmt::format("answered with status {}", end.integer(6));
        return fmt::format("is {}: links are looked for in HTML", type.empty() ? "of no known type" : type);
    }
    return fmt::format("could not be read: {}{}{}", name, detail.empty() ? "" : ": ", detail);
}

}  // namespace

bool has_pages(crawl::database& found) {
    return found.query_integer("SELECT EXISTS (SELECT 1 FROM pages WHERE text_length IS NOT NULL)") != 0;
}

std::string what_became_of_start(crawl::database& found) {
    statement end(found, way_of_start);
    end.bind(1, static_cast<std::int64_t>(crawl::link_kind::redirect));
    end.bind(2, endless);
    if (!end.step()) return "there was nothing to start from";
    const std::string start = end.text(1);
    if (end.integer(0) == endless) return fmt::format("{} redirects in a circle", start);
    if (end.integer(0) == 0) return fmt::format("{} {}", start, why(end));
    return fmt::format("{} redirects to {}, which {}", start, end.text(2), why(end));
}

}  // namespace linkcheck
