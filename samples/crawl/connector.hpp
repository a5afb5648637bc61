#pragma once
// From a URL to an open connection: its host's addresses, which of them may be talked to, and TLS.

#include <braid/core/sleep.hpp>
#include <braid/core/task.hpp>

#include <optional>
#include <string>

#include "connection.hpp"
#include "dns.hpp"
#include "fetch_error.hpp"
#include "proxy.hpp"
#include "tls.hpp"
#include "url.hpp"

namespace crawl {

/// Opens the connection to an address that may be talked to. Tests have one that notes which those are.
using address_opener = braid::task<boost::system::error_code> (*)(connection& over, boost::asio::ip::tcp::endpoint to);

[[nodiscard]] braid::task<boost::system::error_code> open_directly(connection& over, boost::asio::ip::tcp::endpoint to);

struct connector_options {
    bool allow_private = false;  ///< also addresses that are not of the public internet
    tls_options tls{};
    proxy_settings proxies{};
    name_lookup look_up = look_up_in_system;
    address_opener open = open_directly;
};

/// Threads: one.
class connector {
public:
    /// Throws: std::runtime_error for certificates that cannot be read.
    explicit connector(connector_options options);

    /// Opens a connection for the URL; says why if it cannot. What is checked is the address that is connected to,
    /// so that no name can lead elsewhere between the two. Through a proxy that holds for addresses in URLs only: names
    /// are looked up by the proxy, and what it may talk to is its own affair, as its own address is the user's.
    /// An address of several that does not answer costs half of the time that there is until `deadline`, at most, so
    /// that the next has its turn; nothing else is ended by it.
    braid::task<std::optional<fetch_failure>> open(connection& over, const url& target, braid::time_point deadline);

private:
    braid::task<std::optional<fetch_failure>> open_through(connection& over, const url& target, const proxy& by,
                                                           braid::time_point deadline);
    braid::task<std::optional<fetch_failure>> make_tunnel(connection& over, const url& target, const proxy& by);
    /// Of the host's addresses, those that may be talked to.
    [[nodiscard]] std::vector<boost::asio::ip::tcp::endpoint> allowed(const lookup& found, std::uint16_t port) const;
    braid::task<std::optional<fetch_failure>> secure(connection& over, std::string host);
    boost::asio::ssl::context& tls();

    connector_options options_;
    dns_cache names_;
    std::optional<boost::asio::ssl::context> tls_;  // made when it is first needed
};

}  // namespace crawl
