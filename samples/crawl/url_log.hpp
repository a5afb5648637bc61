#pragma once
// The URLs that wait, on disk: written once, at the end of a file, and read back when their turn comes.

#include <cstdint>
#include <filesystem>
#include <string>

#include "url_table.hpp"

namespace crawl {

/// A URL that waits to be fetched.
struct waiting_url {
    url_id id;
    std::uint32_t depth;
    std::uint32_t redirects;
    std::string text;
};

/// A file without a name, gone with its process: what a crawl that is killed needs to go on is in the database. It is
/// made when a first piece is full; a small crawl never writes to it. Threads: one. Throws: std::system_error.
class url_log {
public:
    explicit url_log(std::filesystem::path folder) : folder_(std::move(folder)) {}
    url_log(url_log&& other) noexcept;
    url_log& operator=(url_log&&) = delete;
    ~url_log();

    /// Gives the place where it can be read again, as often as wanted.
    std::uint64_t append(const waiting_url& what);
    [[nodiscard]] waiting_url read(std::uint64_t place) const;

private:
    void write_out();
    void read_bytes(std::uint64_t place, char* to, std::size_t size) const;

    std::filesystem::path folder_;
    int file_ = -1;
    std::uint64_t written_ = 0;  // bytes in the file; what follows is in tail_
    std::string tail_;
};

}  // namespace crawl
