#include "findings.hpp"

#include <crawl/outcome.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace linkcheck {
namespace {

using crawl::database;
using crawl::outcome;
using crawl::statement;

// A server that is asked too often says nothing about what it has.
constexpr int too_many_requests = 429;

// Each row: page, link, problem, kind, via. A redirect that leads to what is broken is told in the pages that name it.
// 429 is not broken, see too_many_requests.
constexpr std::string_view broken = R"sql(
SELECT coalesce(referrer, ''), target,
    CASE WHEN status >= 400 THEN 'status ' || status ELSE outcome || coalesce(': ' || detail, '') END,
    coalesce(kind, ''), coalesce(via, '')
  FROM broken_links WHERE (status IS NULL OR status <> 429) AND (kind IS NULL OR kind <> 'redirect' OR NOT EXISTS
    (SELECT 1 FROM links l WHERE l."to" = referrer))
UNION ALL
SELECT referrer, target || '#' || fragment, 'no such place in the page', 'a', coalesce(via, '') FROM broken_fragments
  WHERE referrer NOT IN (SELECT "from" FROM redirects)
UNION ALL
SELECT l."from", l."to", 'redirects in a circle', l.kind, '' FROM links l JOIN redirects r ON r."from" = l."to"
  WHERE r.final IS NULL AND l.kind <> 'redirect')sql";

enum class gap { none, left_out, failed };

/// Does that outcome leave something unchecked? Other hosts and schemes are not looked at by design, and what is broken
/// is told as such.
gap gap_of(outcome how, std::int64_t status) {
    switch (how) {
        case outcome::parser_crashed:
        case outcome::parser_hung:
        case outcome::parser_failed:
        case outcome::bad_encoding: return gap::failed;
        case outcome::too_large:
        case outcome::disallowed:
        case outcome::refused_address:
        case outcome::trap:
        case outcome::nofollow:
        case outcome::only_on_copies:
        case outcome::over_depth:
        case outcome::over_page_limit:
        case outcome::cancelled: return gap::left_out;
        case outcome::fetched: return status == too_many_requests ? gap::left_out : gap::none;
        default: return gap::none;
    }
}

/// Of a URL below `root`, which ends without a slash, the path of its file there; another URL as it is.
std::string file_of(std::string_view root, std::string url) {
    const bool below = !root.empty() && url.starts_with(root) && url.size() > root.size() && url[root.size()] == '/';
    if (!below) return url;
    url.erase(0, root.size());
    const std::size_t end = std::min(url.find_first_of("?#"), url.size());
    if (end > 0 && url[end - 1] == '/') url.insert(end, "index.html");
    return url;
}

template <class T>
void sort_and_merge(std::vector<T>& all) {
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
}

std::vector<unchecked> read_unchecked(database& from, std::string_view root) {
    std::vector<unchecked> all;
    statement query(from, "SELECT url, outcome, coalesce(detail, ''), coalesce(status, 0) FROM pages");
    while (query.step()) {
        const std::string name = query.text(1);
        const std::int64_t status = query.integer(3);
        const gap what = gap_of(crawl::outcome_of(name).value_or(outcome::pending), status);
        if (what == gap::none) continue;
        all.push_back({status == too_many_requests ? "status " + query.text(3) : name, file_of(root, query.text(0)),
                       query.text(2), what == gap::failed});
    }
    return all;
}

std::uint64_t count(database& from, const std::string& what) {
    return static_cast<std::uint64_t>(from.query_integer("SELECT count(*) FROM " + what));
}

}  // namespace

bool findings::incomplete() const {
    return std::any_of(not_checked.begin(), not_checked.end(), [](const unchecked& one) { return one.failed; });
}

findings read_findings(database& from, const std::string& served_at) {
    const std::string_view root = std::string_view(served_at).substr(0, served_at.size() - served_at.ends_with('/'));
    findings all;
    statement pages(from, "SELECT url FROM pages WHERE text_length IS NOT NULL");
    while (pages.step()) all.pages.push_back(file_of(root, pages.text(0)));
    statement links(from, broken);
    while (links.step()) {
        all.broken.push_back({file_of(root, links.text(0)), file_of(root, links.text(1)), links.text(2), links.text(3),
                              file_of(root, links.text(4))});
    }
    sort_and_merge(all.pages);
    sort_and_merge(all.broken);
    all.not_checked = read_unchecked(from, root);
    sort_and_merge(all.not_checked);
    all.links = count(from, "page_links");
    all.fragments = count(from, "fragment_links WHERE fragment <> ''");
    return all;
}

}  // namespace linkcheck
