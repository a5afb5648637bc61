#include "html_report.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <span>
#include <stdexcept>
#include <string_view>

#include "bar_chart.hpp"

namespace crawl {
namespace {

constexpr int most_rows = 500;

constexpr std::string_view head = R"html(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Report of a crawl</title>
<style>
body { font: 14px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #222; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
figure { display: inline-block; margin: 0 1rem 1.5rem 0; } figcaption { font-weight: 600; margin-bottom: .5rem; }
svg text { font-size: 12px; fill: #333; } .bar { fill: #4878a8; }
table { border-collapse: collapse; width: 100%; } th { text-align: left; border-bottom: 2px solid #999; }
td, th { padding: .2rem .6rem .2rem 0; vertical-align: top; overflow-wrap: anywhere; }
tr + tr td { border-top: 1px solid #ddd; } .note { color: #666; }
@media (prefers-color-scheme: dark) {
  body { background: #1b1d20; color: #ddd; } svg text { fill: #ccc; } a { color: #8ab4f8; } tr + tr td { border-color: #444; }
}
</style></head><body>
<h1>Report of a crawl</h1>
)html";

/// A chart of a query whose rows are a label, a value, and the value in words.
struct chart {
    std::string_view title;
    std::string_view query;
};

constexpr std::array charts{
    chart{"URLs by outcome", "SELECT outcome || coalesce(' ' || status, ''), urls, urls FROM outcomes LIMIT 20"},
    chart{"Time of fetches",
          "SELECT coalesce('up to ' || up_to_ms || ' ms', 'longer'), urls, urls FROM response_times"},
    chart{"Bytes by type",
          "SELECT type, bytes, CASE WHEN bytes < 10000 THEN bytes || ' B' WHEN bytes < 10000000 THEN "
          "bytes / 1000 || ' kB' ELSE bytes / 1000000 || ' MB' END || ', ' || pages || ' pages' "
          "FROM sizes LIMIT 20"},
    chart{"Pages by depth", "SELECT depth, pages, pages FROM depths LIMIT 30"},
};

/// A table of a query, whose columns are its heads.
struct table {
    std::string_view title;
    std::string_view query;
    std::string_view when_empty;
};

constexpr std::array tables{
    table{"Broken links",
          "SELECT target, CASE WHEN status >= 400 THEN status ELSE outcome || coalesce(': ' || detail, '') END AS "
          "problem, "
          "referrer, kind, via FROM broken_links ORDER BY target, referrer",
          "none"},
    table{"Broken fragments",
          "SELECT target || '#' || fragment AS target, referrer, via FROM broken_fragments ORDER BY 1, 2",
          "none found; the crawl looks for them if it is asked to"},
    table{"Redirects",
          "SELECT \"from\", status, coalesce(final, 'a circle') AS final, final_status, hops FROM redirects "
          "ORDER BY final IS NOT NULL, hops DESC, 1",
          "none"},
    table{"Slowest", "SELECT url, printf('%.0f', took_ms) AS milliseconds, status, outcome FROM slowest_pages LIMIT 25",
          "nothing was fetched"},
    table{"Largest", "SELECT url, bytes, received, type FROM largest_pages LIMIT 25", "nothing was fetched"},
    table{"Same content under several URLs", "SELECT url, copies, bytes FROM duplicates", "none"},
    table{"Almost the same text",
          "SELECT url, \"of\" AS \"almost that of\", text_length AS characters FROM near_duplicates", "none"},
};

std::string cell(const std::string& text) {
    const std::string shown = html_text(text);
    if (!text.starts_with("http://") && !text.starts_with("https://")) return shown;
    return fmt::format("<a href=\"{0}\" rel=\"noreferrer\">{0}</a>", shown);
}

void add_chart(std::string& page, database& of, const chart& what) {
    statement query(of, what.query);
    std::vector<bar> bars;
    while (query.step()) bars.push_back({query.text(0), static_cast<double>(query.integer(1)), query.text(2)});
    if (!bars.empty()) page += bar_chart(what.title, bars);
}

void add_rows(std::string& page, statement& query, bool at_first) {
    int rows = 0;
    for (bool more = at_first; more; more = query.step()) {
        if (rows++ == most_rows) {
            page += fmt::format("</table><p class=\"note\">Only the first {} are shown.</p>\n", most_rows);
            return;
        }
        page += "<tr>";
        for (int i = 0; i < query.columns(); ++i) page += fmt::format("<td>{}</td>", cell(query.text(i)));
        page += "</tr>\n";
    }
    page += "</table>\n";
}

void add_table(std::string& page, database& of, const table& what) {
    page += fmt::format("<h2>{}</h2>\n", html_text(what.title));
    statement query(of, what.query);
    const bool any = query.step();
    if (!any) {
        page += fmt::format("<p class=\"note\">{}</p>\n", html_text(what.when_empty));
        return;
    }
    page += "<table><tr>";
    for (int i = 0; i < query.columns(); ++i) page += fmt::format("<th>{}</th>", html_text(query.name(i)));
    page += "</tr>\n";
    add_rows(page, query, any);
}

void add_sum(std::string& page, database& of) {
    statement query(of,
                    "SELECT count(*), count(status), (SELECT count(DISTINCT target) FROM broken_links), "
                    "NOT EXISTS (SELECT 1 FROM pages WHERE outcome IN ('pending', 'cancelled')), min(fetched_at), "
                    "max(fetched_at) FROM pages");
    if (!query.step()) return;
    page += fmt::format("<p>{} URLs known, {} answered, {} broken; fetched from {} to {}.{}</p>\n", query.integer(0),
                        query.integer(1), query.integer(2), html_text(query.text(4)), html_text(query.text(5)),
                        query.integer(3) != 0 ? "" : " The crawl is not complete.");
}

}  // namespace

std::string html_report(database& of) {
    std::string page(head);
    add_sum(page, of);
    for (const chart& what : charts) add_chart(page, of, what);
    for (const table& what : tables) add_table(page, of, what);
    page += "</body></html>\n";
    return page;
}

void write_html_report(const std::filesystem::path& database_file, const std::filesystem::path& to) {
    database of(database_file);
    const std::string page = html_report(of);
    std::ofstream file(to, std::ios::binary);
    file << page << std::flush;
    if (!file) throw std::runtime_error(fmt::format("cannot write {}: {}", to.string(), std::strerror(errno)));
}

}  // namespace crawl
