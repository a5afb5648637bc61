#pragma once
// The files that the crawler's tests read.

#include <filesystem>
#include <optional>
#include <set>
#include <string>

/// A file of tests/crawl/data.
[[nodiscard]] std::filesystem::path data_file(const std::string& name);

/// The lines of one.
[[nodiscard]] std::set<std::string> data_lines(const std::string& name);

/// A file's bytes. Throws if it cannot be read.
[[nodiscard]] std::string read_file(const std::filesystem::path& path);

/// A folder of unpacked Debian documentation packages (`usr/share/doc/...` inside): the environment's
/// BRAID_CORPUS_DIR, else the one CMake was given. Nothing if the folder of `package` is not there.
[[nodiscard]] std::optional<std::filesystem::path> corpus(const std::string& package);
