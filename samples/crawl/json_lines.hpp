#pragma once
// Results as JSON Lines: an object for each URL that was asked for, with its links, while the crawl runs.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "growing_file.hpp"
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
    /// Keeps the first `kept` bytes of what is there, and drops the rest from `start` on, see growing_file.
    json_lines(std::filesystem::path path, std::uint64_t kept);

    void start() { file_.start(); }
    void write(std::span<const exported_page> pages);

    /// Bytes written, those that were kept included.
    [[nodiscard]] std::uint64_t size() const noexcept { return file_.size(); }

private:
    growing_file file_;
};

}  // namespace crawl
