#pragma once
// A file that is written beside the database, which says how much of it counts.

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace crawl {

/// Threads: one at a time. Throws: std::runtime_error that names the file and the reason.
class growing_file {
public:
    /// Keeps the first `kept` bytes of what is there and drops the rest: it was written by a crawl that was killed
    /// before it could take note of it. A pipe has nothing to drop.
    growing_file(std::filesystem::path path, std::uint64_t kept);
    growing_file(const growing_file&) = delete;
    growing_file& operator=(const growing_file&) = delete;
    ~growing_file();

    void write(std::string_view bytes);

    /// Bytes written, those that were kept included.
    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

private:
    [[noreturn]] void fail(std::string_view doing, std::string_view why) const;
    void keep(std::uint64_t bytes);

    std::filesystem::path path_;
    int file_;
    std::uint64_t size_;
};

}  // namespace crawl
