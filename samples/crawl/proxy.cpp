#include "proxy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/url/parse.hpp>
#include <stdexcept>

#include "ascii.hpp"
#include "credentials.hpp"
#include "host_names.hpp"

namespace crawl {
namespace {

constexpr std::uint16_t usual_proxy_port = 80;

std::string value_of(const environment_lookup& environment, const char* lower, const char* upper) {
    for (const char* const name : {lower, upper}) {
        const char* const value = environment && name != nullptr ? environment(name) : nullptr;
        if (value != nullptr && *value != '\0') return value;
    }
    return {};
}

/// Never shows what the variable holds: there may be a password in it.
std::optional<proxy> parse_proxy(const char* variable, std::string text) {
    if (text.empty()) return std::nullopt;
    if (text.find("://") == std::string::npos) text = "http://" + text;
    const auto parsed = boost::urls::parse_uri(text);
    if (!parsed || parsed->encoded_host().empty()) {
        throw std::invalid_argument(fmt::format("the environment's {} is not the URL of a proxy", variable));
    }
    if (parsed->scheme() != "http") {
        throw std::invalid_argument(
            fmt::format("the environment's {} names a proxy of the scheme {}: only http is spoken with proxies",
                        variable, std::string(parsed->scheme())));
    }
    proxy made{std::string(parsed->encoded_host_address()), usual_proxy_port, {}};
    if (parsed->port_number() != 0) made.port = parsed->port_number();
    if (parsed->has_userinfo()) made.authorization = basic_authorization(parsed->userinfo());
    return made;
}

std::vector<std::string> split(std::string_view list) {
    std::vector<std::string> parts;
    while (!list.empty()) {
        const std::size_t end = std::min(list.find_first_of(", "), list.size());
        std::string_view part = list.substr(0, end);
        if (part.starts_with("*.")) part.remove_prefix(1);
        if (part.starts_with('.')) part.remove_prefix(1);
        if (!part.empty()) parts.push_back(ascii::lower_case(part));
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return parts;
}

bool is_at_or_below(std::string_view host, std::string_view domain) { return host == domain || is_below(host, domain); }

bool is_this_machine(std::string_view host) {
    boost::system::error_code no_number;
    const auto address = boost::asio::ip::make_address(std::string(host), no_number);
    return no_number ? is_at_or_below(host, "localhost") : address.is_loopback();
}

}  // namespace

std::string proxy::name() const { return fmt::format("{}:{}", host, port); }

proxy_settings::proxy_settings(const environment_lookup& environment)
    : http_(parse_proxy("http_proxy", value_of(environment, "http_proxy", nullptr))),
      https_(parse_proxy("https_proxy", value_of(environment, "https_proxy", "HTTPS_PROXY"))),
      without_(split(value_of(environment, "no_proxy", "NO_PROXY"))) {}

const proxy* proxy_settings::of(const url& target) const {
    const std::optional<proxy>& wanted = target.scheme() == "https" ? https_ : http_;
    if (!wanted || is_this_machine(target.address())) return nullptr;
    const std::string with_port = fmt::format("{}:{}", target.address(), target.port());
    const bool excepted = std::any_of(without_.begin(), without_.end(), [&](const std::string& one) {
        return one == "*" || is_at_or_below(target.address(), one) || is_at_or_below(with_port, one);
    });
    return excepted ? nullptr : &*wanted;
}

}  // namespace crawl
