#pragma once
// A reader of WARC files that knows nothing of the writer, and believes nothing.

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace crawl::testing {

struct warc_entry {
    std::map<std::string, std::string> fields;  ///< by name, as it is written
    std::string block;

    [[nodiscard]] std::string field(const std::string& name) const;
    [[nodiscard]] std::string type() const { return field("WARC-Type"); }
};

/// The records of a file, each gzipped by itself if `gzipped`. Throws: std::runtime_error, for everything that is not
/// as the standard has it: fields that must be there, lengths, the digests of blocks, names that are there twice.
[[nodiscard]] std::vector<warc_entry> read_warc(const std::filesystem::path& file, bool gzipped = true);

/// `sha1:` and base32, by another way than the crawler's.
[[nodiscard]] std::string sha1_text(std::string_view bytes);

}  // namespace crawl::testing
