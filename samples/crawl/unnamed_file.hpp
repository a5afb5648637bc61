#pragma once
// A file without a name, gone with its last descriptor.

#include <filesystem>

namespace crawl {

/// A descriptor of a new one, for reading and writing, on the file system of this folder. Throws: std::system_error.
[[nodiscard]] int open_unnamed_file(const std::filesystem::path& folder);

}  // namespace crawl
