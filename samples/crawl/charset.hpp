#pragma once
// Which encoding a document is in, and its text as UTF-8.

#include <string>
#include <string_view>

namespace crawl {

/// The type of a Content-Type header in lower case, without its parameters: `text/html`.
[[nodiscard]] std::string media_type(std::string_view content_type);

/// The charset parameter of a Content-Type header; empty if it has none.
[[nodiscard]] std::string charset_parameter(std::string_view content_type);

/// What a browser takes the encoding to be: a byte order mark, the header, a `<meta>` in the first 1,024 bytes, else
/// UTF-8. Latin 1 and ASCII mean windows-1252, as on the web they do.
[[nodiscard]] std::string charset_of(std::string_view content_type, std::string_view body);

/// A view of `body` as valid UTF-8, without its byte order mark. What does not decode becomes U+FFFD; an unknown
/// charset is read as UTF-8. `storage` holds the text if it had to be converted; the view is into it or into `body`.
[[nodiscard]] std::string_view to_utf8(std::string_view body, const std::string& charset, std::string& storage);

}  // namespace crawl
