#pragma once
// How a discovered URL ended. No URL disappears: each is written with one of these.

#include <cstdint>
#include <optional>
#include <string_view>

namespace crawl {

enum class outcome : std::uint8_t {
    pending,             ///< discovered; what is left behind when the crawler is killed
    fetched,             ///< a response came, whatever its status, and was parsed if it is of a type that can be
    out_of_scope,        ///< another host or port than those crawled
    over_depth,          ///< further from the start than --depth
    over_page_limit,     ///< --max-pages were reached
    refused_address,     ///< its host is not on the public internet, and --allow-private was not given
    disallowed,          ///< by the site's robots.txt, or because that is not available
    nofollow,            ///< every page that refers to it asks not to be followed there
    only_on_copies,      ///< every page that refers to it is one of many of the same content, see --max-copies
    trap,                ///< it looks like one of endlessly many, see traps.hpp
    bad_url,             ///< not a URL
    bad_scheme,          ///< mailto:, javascript:, ...
    too_many_redirects,  ///< at the end of a chain longer than --max-redirects
    network_error,       ///< could not connect, the connection broke, or the answer was not HTTP
    timed_out,           ///< one of the deadlines of a fetch
    too_large,           ///< the decoded body is larger than --max-body
    bad_encoding,        ///< the content encoding is corrupt or unknown
    parser_crashed,      ///< the worker died while parsing this page
    parser_hung,         ///< parsing took longer than --parse-timeout
    parser_failed,       ///< the parser threw
    cancelled,           ///< the crawl was stopped first
};
inline constexpr std::uint8_t outcome_count = 21;

[[nodiscard]] std::string_view to_string(outcome how) noexcept;

/// The outcome of that name, if there is one.
[[nodiscard]] std::optional<outcome> outcome_of(std::string_view name) noexcept;

/// Was it never to be fetched, by what is known without asking anybody?
[[nodiscard]] bool is_refusal(outcome how) noexcept;

/// Was it asked for and not delivered? A reference to it is then a broken link.
[[nodiscard]] bool is_broken(outcome how, int status) noexcept;

}  // namespace crawl
