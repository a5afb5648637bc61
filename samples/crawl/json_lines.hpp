#pragma once
// Results as JSON Lines: an object for each URL that was asked for, with its links, while the crawl runs.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "page.hpp"
#include "store.hpp"

namespace crawl {

/// A URL that came to its end.
struct exported_page {
    std::string url;
    std::uint32_t depth;
    finished_record end;
    std::vector<link> links;
    std::vector<extract> extracts{};
};

/// One object and a newline, in valid UTF-8 whatever came from the network. What there is nothing to say about is left
/// out. README.md describes the members.
[[nodiscard]] std::string json_line(const exported_page& page);

/// A file that grows. Threads: one at a time. Throws: std::runtime_error that names the file and the reason.
class json_lines {
public:
    /// Keeps the first `kept` bytes of what is there and drops the rest: it was written by a crawl that was killed
    /// before it could take note of it. A pipe has nothing to drop.
    json_lines(std::filesystem::path path, std::uint64_t kept);
    json_lines(const json_lines&) = delete;
    json_lines& operator=(const json_lines&) = delete;
    ~json_lines();

    void write(std::span<const exported_page> pages);

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
