#pragma once
// Text in the encodings of the web that are not UTF-8.

#include <string>
#include <string_view>

namespace crawl {

/// The text as UTF-8. What does not decode becomes U+FFFD. The encoding is named as `encoding_of_label` names it;
/// `replacement` is one that nobody should read: whatever is in it is a single U+FFFD. One difference to a browser: of
/// Big5, the four letters with a combining accent. Threads: any number at once.
[[nodiscard]] std::string decode_legacy(std::string_view bytes, std::string_view encoding);

/// UTF-8 as text in that encoding; UTF-8 again, if nothing is ever sent in that one. What the encoding has no place for
/// becomes a percent-encoded reference, as in the query of a browser's URL: `%26%2326085%3B` is `&#26085;`.
[[nodiscard]] std::string encode_legacy(std::string_view utf8, std::string_view encoding);

/// What a browser takes the text of a document for that does not say how it is encoded: UTF-8 if it is that, else what
/// it looks like, else windows-1252. Never one of those that can hide markup from a filter (ISO-2022-*, UTF-16,
/// UTF-32).
[[nodiscard]] std::string_view detect_encoding(std::string_view bytes);

/// Has ICU load what the above will need: for a process that is about to lose its files.
void load_encodings();

}  // namespace crawl
