#pragma once
// What a document says about its encoding, before it can be read. Source:
// https://html.spec.whatwg.org/multipage/parsing.html#prescan-a-byte-stream-to-determine-its-encoding

#include <string>
#include <string_view>

namespace crawl {

/// The label after `charset=` in a Content-Type, quoted or not; empty if there is none.
[[nodiscard]] std::string charset_value(std::string_view text);

/// The encoding that the beginning of an HTML document declares: in its first <meta> that does so with a label that
/// there is, or in an XML declaration. Empty if none does.
[[nodiscard]] std::string_view declared_in_html(std::string_view body);

/// That of an `@charset` rule, with which a style sheet would begin.
[[nodiscard]] std::string_view declared_in_css(std::string_view body);

}  // namespace crawl
