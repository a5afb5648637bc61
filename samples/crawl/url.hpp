#pragma once
// URLs as browsers see them (the WHATWG standard), on top of Boost.URL, which sees them as RFC 3986 does.
//
// Pages contain what the RFC forbids: spaces, `|`, `{}`, backslashes, raw UTF-8, `/../` above the root. Here a
// reference is first cut and percent-encoded by the browsers' rules, and Boost.URL then parses text that it accepts.
// One difference to a browser: the characters that a browser sends as they are and the RFC forbids (`|`, `^`, `[`,
// `]`, a `%` that starts no escape, ...) are percent-encoded too, so that every server understands the request.

#include <boost/system/result.hpp>
#include <boost/url/url.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace crawl {

/// Why some text is not a URL that can be fetched.
struct url_error {
    enum class fault : unsigned char {
        malformed,  ///< not a URL, or not without a base
        scheme,     ///< a URL of a scheme that cannot be fetched (`mailto:`, `javascript:`, `data:`, ...)
    };
    fault why;
    std::string message;  ///< what is wrong with which URL
};

/// An absolute http or https URL in canonical form: scheme and host in lower case, the default port left out, dot
/// segments resolved, the path never empty, the query kept, the fragment dropped. Equal text, equal resource.
class url {
public:
    [[nodiscard]] std::string_view text() const noexcept { return parsed_.buffer(); }
    [[nodiscard]] std::string_view scheme() const noexcept { return parsed_.scheme(); }
    /// The host as it stands in the URL: an IPv6 address keeps its brackets.
    [[nodiscard]] std::string_view host() const noexcept { return parsed_.encoded_host(); }
    /// The host to connect to: an IPv6 address without brackets.
    [[nodiscard]] std::string_view address() const noexcept { return parsed_.encoded_host_address(); }
    [[nodiscard]] std::uint16_t port() const noexcept;
    /// The value of a Host header: the host, and the port unless it is the scheme's own.
    [[nodiscard]] std::string_view authority() const noexcept { return parsed_.encoded_host_and_port(); }
    /// What a request line asks for: path and query.
    [[nodiscard]] std::string_view target() const noexcept { return parsed_.encoded_resource(); }
    [[nodiscard]] std::string origin() const;

    friend bool operator==(const url& a, const url& b) noexcept { return a.text() == b.text(); }

private:
    friend class url_builder;
    explicit url(boost::urls::url parsed) : parsed_(std::move(parsed)) {}
    boost::urls::url parsed_;
};

using url_result = boost::system::result<url, url_error>;

/// The port that a URL of this scheme, http or https, means if it names none.
[[nodiscard]] std::uint16_t usual_port(std::string_view scheme) noexcept;

/// Parses an absolute URL.
[[nodiscard]] url_result parse_url(std::string_view text);

/// Resolves a reference found in the document at `base`: relative, absolute or protocol-relative.
[[nodiscard]] url_result resolve(const url& base, std::string_view href);

}  // namespace crawl
