#include "scope.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ascii.hpp"
#include "host_names.hpp"

namespace crawl {
namespace {

std::string host_and_port(const url& u) { return fmt::format("{}:{}", u.host(), u.port()); }

/// `*.domain` matches the hosts below the domain; a pattern without a port matches every port.
bool covers(std::string_view pattern, const url& target) {
    const std::string with_port = host_and_port(target);
    if (pattern.starts_with("*.")) {
        pattern.remove_prefix(2);
        return is_below(target.host(), pattern) || is_below(with_port, pattern);
    }
    return pattern == target.host() || pattern == with_port;
}

}  // namespace

scope::scope(const std::vector<url>& seeds, scope_options options) : options_(std::move(options)) {
    for (const url& seed : seeds) {
        seeds_.insert(host_and_port(seed));
        if (seed.port() == usual_port(seed.scheme())) {
            for (const std::string_view scheme : {"http", "https"}) {
                seeds_.insert(fmt::format("{}:{}", seed.host(), usual_port(scheme)));
            }
        }
    }
    for (std::string& pattern : options_.include_hosts) {
        pattern = ascii::lower_case(pattern);
    }
}

bool scope::contains(const url& target) const {
    if (options_.all_hosts || seeds_.contains(host_and_port(target))) return true;
    return std::any_of(options_.include_hosts.begin(), options_.include_hosts.end(),
                       [&](const std::string& pattern) { return covers(pattern, target); });
}

}  // namespace crawl
