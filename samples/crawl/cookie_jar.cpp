#include "cookie_jar.hpp"

#include <libpsl.h>

#include <algorithm>
#include <charconv>

#include "ascii.hpp"
#include "host_names.hpp"

namespace crawl {
namespace {

constexpr std::size_t most_cookies = 3000;
constexpr std::size_t most_of_domain = 50;
constexpr std::size_t longest_cookie = 4096;
constexpr auto longest_life = std::chrono::hours(24 * 400);

/// Of hosts that have names: an address is below nothing.
bool is_host_below(std::string_view host, std::string_view domain) {
    return is_below(host, domain) && !is_numeric_host(host);
}

std::string_view path_of(const url& u) { return u.target().substr(0, u.target().find('?')); }

std::string default_path(const url& from) {
    const std::string_view path = path_of(from);
    const std::size_t last = path.rfind('/');
    return last == 0 || last == std::string_view::npos ? "/" : std::string(path.substr(0, last));
}

bool is_in(std::string_view path, std::string_view folder) {
    if (!path.starts_with(folder)) return false;
    return path.size() == folder.size() || folder.ends_with('/') || path[folder.size()] == '/';
}

/// Of Max-Age, cut to what is sensible; nothing if it is no number.
std::optional<cookie_time> end_of_age(std::string_view seconds, cookie_time now) {
    std::int64_t value = 0;
    const char* const end = seconds.data() + seconds.size();
    const auto [rest, error] = std::from_chars(seconds.data(), end, value);
    if (rest != end || seconds.empty() || error == std::errc::invalid_argument) return std::nullopt;
    const bool too_long = error == std::errc::result_out_of_range;
    if (seconds.starts_with('-') || (!too_long && value == 0)) return cookie_time::min();
    if (too_long || value > std::chrono::seconds(longest_life).count()) {
        return now + longest_life;
    }
    return now + std::chrono::seconds(value);
}

}  // namespace

void cookie_jar::take(const url& from, std::string_view set_cookie, cookie_time now) {
    auto made = parse(from, set_cookie, now);
    if (!made || !may_set(from, *made)) return;
    // Only a host that is one itself gets here with it: everybody's pages may be below. Source: RFC 6265, 5.3, step 5.
    if (psl_is_public_suffix(psl_builtin(), made->domain.c_str()) == 1) made->host_only = true;
    const auto known = std::find_if(cookies_.begin(), cookies_.end(), [&made](const cookie& c) {
        return c.name == made->name && c.domain == made->domain && c.path == made->path &&
               c.host_only == made->host_only;
    });
    if (made->until <= now && known == cookies_.end()) return;
    ++changes_;
    if (made->until <= now) {
        cookies_.erase(known);
    } else if (known != cookies_.end()) {
        *known = std::move(*made);  // keeps its place: it is as old as it was
    } else {
        make_room(made->domain, now);
        cookies_.push_back(std::move(*made));
    }
}

std::string cookie_jar::for_request(const url& target, cookie_time now) const {
    std::vector<const cookie*> sent;
    for (const cookie& c : cookies_) {
        if (belongs(c, target, now)) sent.push_back(&c);
    }
    // The longest paths first; of equal ones the oldest, as they lie.
    std::sort(sent.begin(), sent.end(), [](const cookie* a, const cookie* b) {
        return a->path.size() != b->path.size() ? a->path.size() > b->path.size() : a < b;
    });
    std::string header;
    for (const cookie* c : sent) {
        if (!header.empty()) header += "; ";
        header += c->name;
        header += '=';
        header += c->value;
    }
    return header;
}

std::optional<cookie> cookie_jar::parse(const url& from, std::string_view set_cookie, cookie_time now) {
    const auto is_control = [](char c) { return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f'; };
    if (set_cookie.size() > longest_cookie || std::any_of(set_cookie.begin(), set_cookie.end(), is_control)) {
        return std::nullopt;
    }
    std::string_view pair = ascii::take_until(set_cookie, ';');
    if (pair.find('=') == std::string_view::npos) return std::nullopt;
    cookie made;
    made.name = ascii::trimmed(ascii::take_until(pair, '='));
    made.value = ascii::trimmed(pair);
    if (made.name.empty()) return std::nullopt;
    made.domain = from.host();
    made.path = default_path(from);
    bool has_max_age = false;
    while (!set_cookie.empty()) {
        std::string_view attribute = ascii::take_until(set_cookie, ';');
        const std::string name = ascii::lower_case(ascii::trimmed(ascii::take_until(attribute, '=')));
        if (!read_attribute(made, name, ascii::trimmed(attribute), now, has_max_age)) return std::nullopt;
    }
    return made;
}

/// False if nothing can come of the cookie.
bool cookie_jar::read_attribute(cookie& of, std::string_view name, std::string_view value, cookie_time now,
                                bool& has_max_age) {
    if (name == "secure") {
        of.secure = true;
    } else if (name == "max-age") {
        const auto until = end_of_age(value, now);
        if (until) of.until = *until;
        has_max_age = has_max_age || until.has_value();
    } else if (name == "expires" && !has_max_age) {
        if (const auto until = parse_cookie_date(value)) of.until = std::min(*until, now + longest_life);
    } else if (name == "path" && value.starts_with('/')) {
        of.path = value;
    } else if (name == "domain" && !value.empty()) {
        if (value.starts_with('.')) value.remove_prefix(1);
        const std::string domain = ascii::lower_case(value);
        of.host_only = false;
        if (of.domain != domain && !is_host_below(of.domain, domain)) return false;
        of.domain = domain;
    }
    return true;
}

bool cookie_jar::may_set(const url& from, const cookie& wanted) {
    const bool by_tls = from.scheme() == "https";
    if (wanted.secure && !by_tls) return false;
    // Names that promise something.
    if (wanted.name.starts_with("__Secure-") && !wanted.secure) return false;
    if (wanted.name.starts_with("__Host-") && (!wanted.secure || !wanted.host_only || wanted.path != "/")) return false;
    if (wanted.host_only || wanted.domain == from.host()) return true;
    return psl_is_cookie_domain_acceptable(psl_builtin(), std::string(from.host()).c_str(), wanted.domain.c_str()) == 1;
}

bool cookie_jar::belongs(const cookie& c, const url& target, cookie_time now) {
    if (c.until <= now || (c.secure && target.scheme() != "https")) return false;
    if (c.domain != target.host() && (c.host_only || !is_host_below(target.host(), c.domain))) return false;
    return is_in(path_of(target), c.path);
}

/// What has expired goes first, then the oldest.
void cookie_jar::make_room(std::string_view domain, cookie_time now) {
    const auto of_domain = [domain](const cookie& c) { return c.domain == domain; };
    const auto count = static_cast<std::size_t>(std::count_if(cookies_.begin(), cookies_.end(), of_domain));
    if (count < most_of_domain && cookies_.size() < most_cookies) return;
    if (std::erase_if(cookies_, [now](const cookie& c) { return c.until <= now; }) > 0) {
        return make_room(domain, now);
    }
    cookies_.erase(count < most_of_domain ? cookies_.begin()
                                          : std::find_if(cookies_.begin(), cookies_.end(), of_domain));
}

}  // namespace crawl
