#pragma once
// The text rules that url.cpp is made of: percent-encoding, dot segments, hosts. Source: https://url.spec.whatwg.org/

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace crawl::url_text {

/// The part of a URL that is being encoded: each lets other characters stand.
enum class part : unsigned char { path, query };

/// Appends `text`, percent-encoding what browsers encode in `where`. A `%` stays as it is, whether it starts an escape
/// or not.
void append_encoded(std::string& out, std::string_view text, part where);

/// Replaces every valid escape by the byte it stands for.
[[nodiscard]] std::string percent_decode(std::string_view text);

/// Appends a path, whose separators are `/` and `\`, to `directory`, which ends with a slash. Dot segments, `%2e` ones
/// too, are resolved on the way and never climb above the root.
void append_path(std::string& directory, std::string_view path);

/// Trims control characters and spaces at both ends and removes tabs and newlines everywhere.
[[nodiscard]] std::string strip(std::string_view text);

/// What is told, and kept, of a reference that leads nowhere: such may be a whole picture (`data:`).
inline constexpr std::size_t longest_told = 200;

/// Its first bytes of UTF-8, so many at most, and how many it has if they are more. No user's name and password.
[[nodiscard]] std::string abridged(std::string_view text);

/// The canonical form of a host, or what is wrong with it.
struct host_result {
    std::string host;
    std::string_view fault;  ///< empty if there is none
};
[[nodiscard]] host_result canonical_host(std::string_view text);

/// The address that a host ending in a number stands for, with all the forms of inet_aton: `0x7f.1` is `127.0.0.1`.
/// Nothing if the number is out of range or is not one.
[[nodiscard]] std::optional<std::string> parse_ipv4(std::string_view host);

}  // namespace crawl::url_text
