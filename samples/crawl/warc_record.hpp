#pragma once
// The heads of WARC records. Source: https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crawl {

/// Names and values, in the order in which they are written.
using warc_fields = std::vector<std::pair<std::string_view, std::string>>;

/// The version, the fields that say something, and the empty line before the block. No value may have a line break.
[[nodiscard]] std::string warc_head(const warc_fields& fields);

/// `<urn:uuid:...>`, of a random UUID.
[[nodiscard]] std::string new_record_id();

}  // namespace crawl
