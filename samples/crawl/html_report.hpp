#pragma once
// What a crawl found, as one HTML file to look at and to pass on.

#include <filesystem>
#include <string>

#include "sqlite.hpp"

namespace crawl {

/// The page: charts and tables from the views of a crawl's database. It is self-contained: no scripts, nothing is
/// loaded from anywhere. Long tables are cut, and say so. Throws: store_error.
[[nodiscard]] std::string html_report(database& of);

/// Writes that of the database in one file into another. Throws: store_error; std::runtime_error that names the file.
void write_html_report(const std::filesystem::path& database_file, const std::filesystem::path& to);

}  // namespace crawl
