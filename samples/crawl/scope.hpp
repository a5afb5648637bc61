#pragma once
// Which hosts a crawl may ask.

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "url.hpp"

namespace crawl {

struct scope_options {
    bool all_hosts = false;                    ///< follow links to any host
    std::vector<std::string> include_hosts{};  ///< `host`, `host:port`, or `*.domain` for all hosts below one
};

/// The hosts and ports of the URLs a crawl starts from, and those that its options add. A site at the usual port of its
/// scheme is one with the same host at the usual port of the other: `http://host/` most often leads to `https://host/`.
class scope {
public:
    scope(const std::vector<url>& seeds, scope_options options);

    /// Its host and port belong to the crawl.
    [[nodiscard]] bool contains(const url& target) const;

private:
    scope_options options_;
    std::set<std::string, std::less<>> seeds_;  // host:port, the port always written
};

}  // namespace crawl
