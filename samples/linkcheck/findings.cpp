#include "findings.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace linkcheck {
namespace {

using crawl::database;
using crawl::statement;

// Each row: page, link, problem, kind, via. A redirect that leads to what is broken is told in the pages that name it.
constexpr std::string_view broken = R"sql(
SELECT coalesce(referrer, ''), target,
    CASE WHEN status >= 400 THEN 'status ' || status ELSE outcome || coalesce(': ' || detail, '') END,
    coalesce(kind, ''), coalesce(via, '')
  FROM broken_links WHERE kind IS NULL OR kind <> 'redirect' OR NOT EXISTS
    (SELECT 1 FROM links l WHERE l."to" = referrer)
UNION ALL
SELECT referrer, target || '#' || fragment, 'no such place in the page', 'a', coalesce(via, '') FROM broken_fragments
  WHERE referrer NOT IN (SELECT "from" FROM redirects)
UNION ALL
SELECT l."from", l."to", 'redirects in a circle', l.kind, '' FROM links l JOIN redirects r ON r."from" = l."to"
  WHERE r.final IS NULL AND l.kind <> 'redirect')sql";

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

std::uint64_t count(database& from, const std::string& what) {
    return static_cast<std::uint64_t>(from.query_integer("SELECT count(*) FROM " + what));
}

}  // namespace

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
    all.links = count(from, "page_links");
    all.fragments = count(from, "fragment_links WHERE fragment <> ''");
    return all;
}

}  // namespace linkcheck
