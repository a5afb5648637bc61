#pragma once
// The names under which the web knows encodings. Source: https://encoding.spec.whatwg.org/#names-and-labels

#include <string_view>
#include <vector>

namespace crawl {

/// The encoding that a label means, in any case and with white space around: `latin1` is `windows-1252`. Empty if there
/// is no such label.
[[nodiscard]] std::string_view encoding_of_label(std::string_view label);

/// All that labels mean, each once.
[[nodiscard]] std::vector<std::string_view> all_encodings();

}  // namespace crawl
