#include <crawl/terminal_text.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <vector>

#include "reports.hpp"

namespace linkcheck {
namespace {

using crawl::columns_of;
using crawl::count_of;
using crawl::printable;

// Beyond that a column is not widened: a long URL pushes only its own line.
constexpr std::size_t widest = 60;

// Of the URLs that were not checked for one reason. JSON has all.
constexpr std::size_t most_examples = 10;

using row = std::array<std::string, 3>;
using buffer = std::back_insert_iterator<std::string>;

row row_of(const finding& f) {
    const std::string page = f.page.empty() ? "(start)" : f.page;
    const std::string way = f.via.empty() ? "" : fmt::format(" (by way of {})", f.via);
    return {printable(page), printable(f.link + way), printable(f.problem)};
}

std::size_t width_of(const std::vector<row>& rows, std::size_t column) {
    std::size_t width = 0;
    for (const row& r : rows) {
        const std::size_t columns = columns_of(r[column]);
        if (columns <= widest) width = std::max(width, columns);
    }
    return width;
}

std::string padded(const std::string& text, std::size_t columns) {
    return text + std::string(columns - std::min(columns, columns_of(text)), ' ');
}

void add_broken(const findings& all, buffer out) {
    if (all.broken.empty()) return;
    std::vector<row> rows{{"PAGE", "LINK", "PROBLEM"}};
    for (const finding& f : all.broken) rows.push_back(row_of(f));
    const std::size_t pages = width_of(rows, 0);
    const std::size_t links = width_of(rows, 1);
    for (const row& r : rows) fmt::format_to(out, "{}  {}  {}\n", padded(r[0], pages), padded(r[1], links), r[2]);
    fmt::format_to(out, "\n");
}

/// They are sorted by their reason.
void add_not_checked(const findings& all, buffer out) {
    if (all.not_checked.empty()) return;
    fmt::format_to(out, "not checked: {}\n", count_of(all.not_checked.size(), "URL"));
    for (auto first = all.not_checked.begin(); first != all.not_checked.end();) {
        const auto end = std::find_if(first, all.not_checked.end(),
                                      [&first](const unchecked& other) { return other.reason != first->reason; });
        const auto many = static_cast<std::size_t>(end - first);
        fmt::format_to(out, "  {} {}\n", many, printable(first->reason));
        for (std::size_t shown = 0; shown < std::min(many, most_examples); ++shown, ++first) {
            const std::string more = first->detail.empty() ? "" : ": " + first->detail;
            fmt::format_to(out, "    {}\n", printable(first->page + more));
        }
        if (many > most_examples) fmt::format_to(out, "    and {} more\n", many - most_examples);
        first = end;
    }
    fmt::format_to(out, "\n");
}

std::string verdict(const findings& all) {
    std::string text = "nothing is broken";
    if (!all.broken.empty()) text = fmt::format("{} broken", all.broken.size());
    if (!all.not_checked.empty()) text += fmt::format(", {} not checked", all.not_checked.size());
    return text;
}

}  // namespace

std::string format_table(const findings& all) {
    std::string text;
    const auto out = std::back_inserter(text);
    add_broken(all, out);
    add_not_checked(all, out);
    fmt::format_to(out, "{}{}, {}, {}", all.interrupted ? "interrupted: " : "", count_of(all.pages.size(), "page"),
                   count_of(all.links, "link"), count_of(all.fragments, "fragment"));
    if (all.external > 0) fmt::format_to(out, ", {} of other hosts", count_of(all.external, "URL"));
    fmt::format_to(out, ": {}\n", verdict(all));
    return text;
}

}  // namespace linkcheck
