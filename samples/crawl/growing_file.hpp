#pragma once
// A file that is written beside the database, which says how much of it counts.

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace crawl {

/// Threads: one at a time. Throws: std::runtime_error that names the file and the reason.
class growing_file {
public:
    /// Opens it, and leaves it as it is. Of what is there the first `kept` bytes are to stay.
    growing_file(std::filesystem::path path, std::uint64_t kept);
    growing_file(const growing_file&) = delete;
    growing_file& operator=(const growing_file&) = delete;
    ~growing_file();

    /// Drops the rest of what is there, as the first `write` does: it is an earlier crawl's, or was written by one that
    /// was killed before it could take note of it. A pipe has nothing to drop.
    void start();

    void write(std::string_view bytes);

    /// Bytes written, those that were kept included.
    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

private:
    [[noreturn]] void fail(std::string_view doing, std::string_view why) const;

    std::filesystem::path path_;
    int file_;
    std::uint64_t size_;
    bool started_ = false;
};

}  // namespace crawl
