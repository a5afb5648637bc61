#pragma once
// Cookies as RFC 6265 has them.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "url.hpp"

namespace crawl {

using cookie_time = std::chrono::system_clock::time_point;

/// A date in any of the forms that servers give a cookie; nothing if it is none. Source: RFC 6265, 5.1.1.
[[nodiscard]] std::optional<cookie_time> parse_cookie_date(std::string_view text);

struct cookie {
    std::string name;
    std::string value;
    std::string domain;
    std::string path;
    bool host_only = true;  ///< not for the hosts below the domain
    bool secure = false;    ///< for https alone
    cookie_time until = cookie_time::max();
};

/// Threads: one.
class cookie_jar {
public:
    /// Takes the value of a Set-Cookie header, which came with the response from there. What is no cookie, or none that
    /// this host may set, is ignored: one for a domain that is not its own, or under which anybody can register.
    void take(const url& from, std::string_view set_cookie, cookie_time now);

    /// The value of the Cookie header for a request; empty if there is none to send.
    [[nodiscard]] std::string for_request(const url& target, cookie_time now) const;

    [[nodiscard]] std::size_t size() const noexcept { return cookies_.size(); }

    /// The oldest first.
    [[nodiscard]] const std::vector<cookie>& all() const noexcept { return cookies_; }

    /// How often a cookie was set or dropped: whoever keeps a copy of `all` sees whether it is still right.
    [[nodiscard]] std::uint64_t changes() const noexcept { return changes_; }

    /// What an earlier jar held.
    void restore(std::vector<cookie> cookies) { cookies_ = std::move(cookies); }

private:
    [[nodiscard]] static std::optional<cookie> parse(const url& from, std::string_view set_cookie, cookie_time now);
    [[nodiscard]] static bool read_attribute(cookie& of, std::string_view name, std::string_view value, cookie_time now,
                                             bool& has_max_age);
    [[nodiscard]] static bool may_set(const url& from, const cookie& wanted);
    [[nodiscard]] static bool belongs(const cookie& c, const url& target, cookie_time now);
    void make_room(std::string_view domain, cookie_time now);

    std::vector<cookie> cookies_;  // the oldest first
    std::uint64_t changes_ = 0;
};

}  // namespace crawl
