#include "folder.hpp"

#include <crawl/url_text.hpp>

#include <algorithm>

namespace linkcheck {
namespace {

namespace fs = std::filesystem;

bool is_html(const fs::path& file) { return file.extension() == ".html" || file.extension() == ".htm"; }

/// The part of a URL that a path is: what stands in it as an escape is none.
std::string url_path(const fs::path& path) {
    std::string text;
    for (const char c : path.generic_string()) {
        if (c == '%') {
            text += "%25";
        } else {
            crawl::url_text::append_encoded(text, {&c, 1}, crawl::url_text::part::path);
        }
    }
    return text;
}

}  // namespace

std::vector<crawl::url> pages_in(const fs::path& folder, const std::string& base) {
    std::vector<std::string> paths;
    for (auto entry = fs::recursive_directory_iterator(folder); entry != fs::end(entry); ++entry) {
        const fs::path& path = entry->path();
        const bool hidden = path.filename().native().starts_with('.');
        if (hidden && entry->is_directory()) entry.disable_recursion_pending();
        if (hidden || !is_html(path) || !entry->is_regular_file()) continue;
        fs::path shown = path.lexically_relative(folder);
        if (shown.filename() == "index.html") shown.remove_filename();
        paths.push_back(url_path(shown));
    }
    std::sort(paths.begin(), paths.end());
    std::vector<crawl::url> pages;
    for (const std::string& path : paths) {
        if (auto page = crawl::parse_url(base + path)) pages.push_back(std::move(*page));
    }
    return pages;
}

}  // namespace linkcheck
