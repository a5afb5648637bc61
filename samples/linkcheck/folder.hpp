#pragma once
// A folder of files, seen as a site.

#include <crawl/url.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace linkcheck {

/// The URLs of all HTML files in a folder that is served at `base`, sorted: an `index.html` is its folder's. Hidden
/// files and folders are left out. Throws: std::filesystem::filesystem_error.
[[nodiscard]] std::vector<crawl::url> pages_in(const std::filesystem::path& folder, const std::string& base);

}  // namespace linkcheck
