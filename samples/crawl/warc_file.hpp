#pragma once
// A file of WARC records, each compressed by itself so that any of them can be read without those before it.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>

#include "growing_file.hpp"

struct z_stream_s;

namespace crawl {

/// Threads: one at a time. Throws: std::runtime_error that names the file and the reason.
class warc_file {
public:
    using sink = std::function<void(std::string_view)>;

    /// What is kept of the file, see growing_file. Records are gzipped if its name ends in `.gz`.
    warc_file(const std::filesystem::path& path, std::uint64_t kept);
    ~warc_file();

    void start() { file_.start(); }

    /// Writes a record: its head, and the block that `write_block` gives piece by piece. However long the block is,
    /// little of it is in memory at a time.
    void add(std::string_view head, const std::function<void(const sink&)>& write_block);

    [[nodiscard]] std::uint64_t size() const noexcept { return file_.size(); }

private:
    void write(std::string_view bytes, bool last);

    growing_file file_;
    std::unique_ptr<z_stream_s> packer_;  // null: as it is
};

}  // namespace crawl
