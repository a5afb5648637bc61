#pragma once
// The value of a `srcset`: images of which a browser takes one.

#include <string_view>
#include <vector>

namespace crawl {

/// The URL of every image that it names, as written, whatever its descriptor is worth: a browser takes one, which of
/// them nobody else knows. Source: https://html.spec.whatwg.org/multipage/images.html#parse-a-srcset-attribute
[[nodiscard]] std::vector<std::string_view> srcset_urls(std::string_view srcset);

}  // namespace crawl
