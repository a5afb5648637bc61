#pragma once
// URLs as browsers see them: the WHATWG standard, which is not RFC 3986.
//
// Pages contain what the RFC forbids: spaces, `|`, `{}`, backslashes, raw UTF-8, `/../` above the root. A reference
// means here what it means in a browser, and the server is asked for the same bytes; the tests compare with Node's
// `URL`. Source: https://url.spec.whatwg.org/

#include <boost/system/result.hpp>
#include <cstddef>
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
/// segments resolved, the path never empty, the query kept, the fragment dropped, and, other than in a browser, the
/// user's name and password too: they are secrets, and what is fetched is the same. Equal text, equal resource.
class url {
public:
    [[nodiscard]] std::string_view text() const noexcept { return text_; }
    [[nodiscard]] std::string_view scheme() const noexcept { return part(0, text_.find(':')); }
    /// The host as it stands in the URL: in ASCII, and an IPv6 address in its brackets.
    [[nodiscard]] std::string_view host() const noexcept { return part(host_, host_end_); }
    /// The host to connect to: an IPv6 address without brackets.
    [[nodiscard]] std::string_view address() const noexcept;
    [[nodiscard]] std::uint16_t port() const noexcept;
    /// The value of a Host header: the host, and the port unless it is the scheme's own.
    [[nodiscard]] std::string_view authority() const noexcept { return part(host_, target_); }
    /// What a request line asks for: path and query.
    [[nodiscard]] std::string_view target() const noexcept { return part(target_, text_.size()); }
    [[nodiscard]] std::string origin() const;

    friend bool operator==(const url& a, const url& b) noexcept { return a.text() == b.text(); }

private:
    friend class url_builder;
    url() = default;
    [[nodiscard]] std::string_view part(std::size_t begin, std::size_t end) const noexcept {
        return std::string_view(text_).substr(begin, end - begin);
    }
    std::string text_;
    std::size_t host_ = 0;  // where it begins in the text
    std::size_t host_end_ = 0;
    std::size_t target_ = 0;
};

using url_result = boost::system::result<url, url_error>;

/// The port that a URL of this scheme, http or https, means if it names none.
[[nodiscard]] std::uint16_t usual_port(std::string_view scheme) noexcept;

/// Parses an absolute URL.
[[nodiscard]] url_result parse_url(std::string_view text);

/// `NAME:PASSWORD`, decoded, of an absolute URL that has them; else empty.
[[nodiscard]] std::string userinfo_of(std::string_view text);

/// Resolves a reference found in the document at `base`: relative, absolute or protocol-relative.
[[nodiscard]] url_result resolve(const url& base, std::string_view href);

}  // namespace crawl
