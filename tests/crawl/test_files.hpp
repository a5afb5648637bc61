#pragma once
// The files that the crawler's tests read.

#include <filesystem>
#include <string>

/// A file of tests/crawl/data.
[[nodiscard]] std::filesystem::path data_file(const std::string& name);

/// A file's bytes. Throws if it cannot be read.
[[nodiscard]] std::string read_file(const std::filesystem::path& path);
