#pragma once
// Reads HTML as a stream of events.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fragments.hpp"
#include "link_set.hpp"

namespace crawl {

struct html_content {
    std::string title;
    std::string language{};  ///< of the document, as its root element says
    std::uint64_t text_length{};
    std::optional<std::uint64_t> simhash{};  ///< of the text, if it is long enough
    std::optional<std::string> base_href;    ///< of the first <base> that has one
};

/// Reads an HTML document and collects its references into `references`, as written, and its fragments if `fragments`
/// is not null. `utf8` must be valid UTF-8. Threads: any number at once.
[[nodiscard]] html_content read_html(std::string_view utf8, link_set& references, fragment_set* fragments = nullptr);

}  // namespace crawl
