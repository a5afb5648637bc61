#include <crawl/utf8.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "reports.hpp"

namespace linkcheck {
namespace {

// Beyond that a column is not widened: a long URL pushes only its own line.
constexpr std::size_t widest = 60;

using row = std::array<std::string, 3>;

std::string printable(std::string text) {
    if (!crawl::is_valid_utf8(text)) text = crawl::repair_utf8(text);
    for (char& c : text) {
        if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
    }
    return text;
}

row row_of(const finding& f) {
    const std::string page = f.page.empty() ? "(start)" : f.page;
    const std::string way = f.via.empty() ? "" : fmt::format(" (by way of {})", f.via);
    return {printable(page), printable(f.link + way), printable(f.problem)};
}

std::size_t width_of(const std::vector<row>& rows, std::size_t column) {
    std::size_t width = 0;
    for (const row& r : rows) {
        if (r[column].size() <= widest) width = std::max(width, r[column].size());
    }
    return width;
}

}  // namespace

std::string format_table(const findings& all) {
    std::string text;
    const auto out = std::back_inserter(text);
    if (!all.broken.empty()) {
        std::vector<row> rows{{"PAGE", "LINK", "PROBLEM"}};
        for (const finding& f : all.broken) rows.push_back(row_of(f));
        const std::size_t pages = width_of(rows, 0);
        const std::size_t links = width_of(rows, 1);
        for (const row& r : rows) fmt::format_to(out, "{:<{}}  {:<{}}  {}\n", r[0], pages, r[1], links, r[2]);
        text += '\n';
    }
    fmt::format_to(out, "{} pages, {} links, {} fragments", all.pages.size(), all.links, all.fragments);
    if (all.external > 0) fmt::format_to(out, ", {} URLs of other hosts", all.external);
    if (all.broken.empty()) {
        text += ": nothing is broken\n";
    } else {
        fmt::format_to(out, ": {} broken\n", all.broken.size());
    }
    return text;
}

}  // namespace linkcheck
