#pragma once
// Which encoding a document is in, and its text as UTF-8.

#include <string>
#include <string_view>

namespace crawl {

/// The type of a Content-Type header in lower case, without its parameters: `text/html`.
[[nodiscard]] std::string media_type(std::string_view content_type);

/// Which encoding a browser takes an HTML document for: that of a byte order mark, of the header, of what is declared
/// in the first 1,024 bytes, or the one that it looks like. In the standard's names; a label that means none is
/// ignored.
[[nodiscard]] std::string_view encoding_of_html(std::string_view content_type, std::string_view body);

/// The same of a style sheet, whose declaration is an `@charset` rule; UTF-8 if nothing says otherwise.
[[nodiscard]] std::string_view encoding_of_css(std::string_view content_type, std::string_view body);

/// A view of `body` as valid UTF-8, without its byte order mark. What does not decode becomes U+FFFD. `storage` holds
/// the text if it had to be converted; the view is into it or into `body`.
[[nodiscard]] std::string_view to_utf8(std::string_view body, std::string_view encoding, std::string& storage);

}  // namespace crawl
