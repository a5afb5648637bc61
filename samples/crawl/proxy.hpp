#pragma once
// Which requests go through a proxy, as the environment says.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "url.hpp"

namespace crawl {

struct proxy {
    std::string host;
    std::uint16_t port;
    std::string authorization;  ///< the value of a Proxy-Authorization header; empty if it wants none

    [[nodiscard]] std::string name() const;
};

/// Gives the value of an environment variable, or null. An empty one knows of none.
using environment_lookup = std::function<const char*(const char* name)>;

class proxy_settings {
public:
    /// No proxies.
    proxy_settings() = default;

    /// From `http_proxy`, `https_proxy` and `no_proxy`; the latter two also in capitals (HTTP_PROXY is not read: to a
    /// program that a web server starts it is what a client says). `no_proxy` is `*` or a list of hosts, each with all
    /// below it, a port if it is for that alone. Throws: std::invalid_argument that names the variable.
    explicit proxy_settings(const environment_lookup& environment);

    /// The proxy for the URL, or null. What is on this machine is asked for directly.
    [[nodiscard]] const proxy* of(const url& target) const;

private:
    std::optional<proxy> http_;
    std::optional<proxy> https_;
    std::vector<std::string> without_;
};

}  // namespace crawl
