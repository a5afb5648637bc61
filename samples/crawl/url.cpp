#include "url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "ascii.hpp"
#include "url_text.hpp"

namespace crawl {
namespace {

constexpr std::string_view slashes = "/\\";

bool is_slash(char c) { return slashes.find(c) != std::string_view::npos; }

bool is_web(std::string_view scheme) { return scheme == "http" || scheme == "https"; }

/// The scheme that a reference starts with, in lower case; empty if it has none.
std::string scheme_of(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || colon == 0) return {};
    std::string scheme(text.substr(0, colon));
    const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
    const auto is_mark = [](char c) { return (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.'; };
    for (char& c : scheme) {
        c = ascii::lower(c);
        if (!is_letter(c) && !is_mark(c)) return {};
    }
    if (!is_letter(scheme.front())) return {};
    return scheme;
}

std::optional<std::uint16_t> parse_port(std::string_view digits) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    return port;
}

std::string_view without_leading_slashes(std::string_view text) {
    const std::size_t start = text.find_first_not_of(slashes);
    return start == std::string_view::npos ? std::string_view() : text.substr(start);
}

}  // namespace

/// Resolves one reference; a fault ends the work and names the reference.
class url_builder {
public:
    url_builder(const url* base, std::string_view href) : base_(base), href_(href), input_(url_text::strip(href)) {}

    url_result build() {
        std::string_view rest = std::string_view(input_).substr(0, input_.find('#'));
        std::string scheme = scheme_of(rest);
        if (scheme.empty() && base_ == nullptr) return fault("it has no scheme, such as http://");
        if (!scheme.empty() && !is_web(scheme)) return unfetchable(scheme);
        if (!scheme.empty()) rest.remove_prefix(scheme.size() + 1);

        const bool starts_anew = !scheme.empty() && (base_ == nullptr || base_->scheme() != scheme);
        const bool two_slashes = rest.size() >= 2 && is_slash(rest[0]) && is_slash(rest[1]);
        if (!starts_anew && !two_slashes) return relative(rest);
        text() = scheme.empty() ? std::string(base_->scheme()) : scheme;
        return absolute(without_leading_slashes(rest));
    }

private:
    url_result absolute(std::string_view rest) {
        const std::size_t end = std::min(rest.find_first_of("/\\?"), rest.size());
        std::string_view authority = rest.substr(0, end);
        const std::uint16_t port_of_scheme = usual_port(text());
        text() += "://";
        authority.remove_prefix(authority.rfind('@') + 1);  // of which there may be none
        if (const auto problem = append_host_and_port(authority, port_of_scheme)) return fault(*problem);
        return finish("/", without_first_slash(rest.substr(end)));
    }

    url_result relative(std::string_view rest) {
        made_.host_ = base_->host_;
        made_.host_end_ = base_->host_end_;
        made_.target_ = base_->target_;
        const std::string_view target = base_->target();
        const std::string_view base_path = target.substr(0, target.find('?'));
        text() = base_->part(0, base_->target_);
        if (rest.empty()) {
            text() += target;
            return std::move(made_);
        }
        if (rest.front() == '?') {
            text() += base_path;
            append_query(rest);
            return std::move(made_);
        }
        if (is_slash(rest.front())) return finish("/", rest.substr(1));
        return finish(base_path.substr(0, base_path.rfind('/') + 1), rest);
    }

    /// Appends the path and the query of `rest`, seen from `directory`.
    url_result finish(std::string_view directory, std::string_view rest) {
        const std::size_t question = std::min(rest.find('?'), rest.size());
        std::string path(directory);
        url_text::append_path(path, rest.substr(0, question));
        text() += path;
        append_query(rest.substr(question));
        return std::move(made_);
    }

    void append_query(std::string_view query) {
        if (query.empty()) return;
        text() += '?';
        url_text::append_encoded(text(), query.substr(1), url_text::part::query);
    }

    std::optional<std::string_view> append_host_and_port(std::string_view authority, std::uint16_t port_of_scheme) {
        const std::size_t bracket = authority.rfind(']');
        const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
        const url_text::host_result host = url_text::canonical_host(authority.substr(0, colon));
        if (!host.fault.empty()) return host.fault;
        made_.host_ = text().size();
        text() += host.host;
        made_.host_end_ = made_.target_ = text().size();
        if (colon == std::string_view::npos || colon + 1 == authority.size()) return std::nullopt;

        const auto port = parse_port(authority.substr(colon + 1));
        if (!port) return "the port is not a number from 0 to 65535";
        if (*port != port_of_scheme) text() += fmt::format(":{}", *port);
        made_.target_ = text().size();
        return std::nullopt;
    }

    static std::string_view without_first_slash(std::string_view rest) {
        return !rest.empty() && is_slash(rest.front()) ? rest.substr(1) : rest;
    }

    std::string& text() { return made_.text_; }

    [[nodiscard]] url_error fault(std::string_view what) const {
        return {url_error::fault::malformed, fmt::format("\"{}\" is not a URL: {}", url_text::abridged(href_), what)};
    }

    [[nodiscard]] url_error unfetchable(std::string_view scheme) const {
        return {url_error::fault::scheme, fmt::format("{}: is not a scheme that can be fetched", scheme)};
    }

    const url* base_;
    std::string_view href_;
    std::string input_;
    url made_;
};

std::uint16_t usual_port(std::string_view scheme) noexcept { return scheme == "https" ? 443 : 80; }

std::string_view url::address() const noexcept {
    const std::string_view name = host();
    return name.starts_with('[') ? name.substr(1, name.size() - 2) : name;
}

std::uint16_t url::port() const noexcept {
    if (host_end_ == target_) return usual_port(scheme());
    return parse_port(part(host_end_ + 1, target_)).value_or(0);
}

std::string url::origin() const { return fmt::format("{}://{}", scheme(), authority()); }

url_result parse_url(std::string_view text) { return url_builder(nullptr, text).build(); }

std::string userinfo_of(std::string_view text) {
    const std::string stripped = url_text::strip(text);
    std::string_view rest = stripped;
    rest.remove_prefix(std::min(rest.find(':'), rest.size() - 1) + 1);
    rest = without_leading_slashes(rest);
    const std::string_view authority = rest.substr(0, rest.find_first_of("/\\?#"));
    const std::size_t at = authority.rfind('@');
    if (at == std::string_view::npos) return {};
    const std::string_view userinfo = authority.substr(0, at);
    const std::size_t colon = std::min(userinfo.find(':'), userinfo.size());
    const std::string name = url_text::percent_decode(userinfo.substr(0, colon));
    const std::string password = url_text::percent_decode(userinfo.substr(std::min(colon + 1, userinfo.size())));
    return name.empty() && password.empty() ? std::string() : name + ':' + password;
}

url_result resolve(const url& base, std::string_view href) { return url_builder(&base, href).build(); }

}  // namespace crawl
