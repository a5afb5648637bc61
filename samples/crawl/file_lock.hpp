#pragma once
// An empty file beside another, locked by whoever writes that one.

#include <filesystem>
#include <optional>

namespace crawl {

/// Nobody has it once its process is gone. The file goes with it; after a kill it stays, and does no harm.
class file_lock {
public:
    /// Nothing if somebody else has it. Throws: std::system_error if the file cannot be made or locked.
    [[nodiscard]] static std::optional<file_lock> take(std::filesystem::path path);

    file_lock(file_lock&& other) noexcept;
    file_lock& operator=(file_lock&&) = delete;
    ~file_lock();

private:
    file_lock(std::filesystem::path path, int file) : path_(std::move(path)), file_(file) {}

    std::filesystem::path path_;
    int file_;
};

}  // namespace crawl
