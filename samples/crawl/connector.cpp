#include "connector.hpp"

#include <fmt/format.h>

#include <boost/asio/ip/address.hpp>

#include "address_rules.hpp"

namespace crawl {
namespace {

using tcp = boost::asio::ip::tcp;
using failed = std::optional<fetch_failure>;

constexpr std::string_view connecting = "connecting";

/// Of addresses none of which is allowed.
fetch_failure refuse(const std::string& host, const lookup& found) {
    const auto& address = found.addresses.front();
    const std::string text = address.to_string();
    const std::string subject = host == text ? host : fmt::format("{} is at {}, which", host, text);
    return {outcome::refused_address,
            fmt::format("refused: {} is {}; --allow-private allows those", subject, kind_if_not_public(address))};
}

}  // namespace

connector::connector(connector_options options) : options_(std::move(options)), names_(options_.look_up) {
    if (!options_.tls.ca_file.empty()) tls();  // a wrong file is told of before anything is fetched
}

braid::task<failed> connector::open(connection& over, const url& target) {
    std::string host(target.address());
    const lookup found = co_await names_.find(host);
    if (found.error) co_return network_failure(found.error, connecting);
    std::vector<tcp::endpoint> endpoints = allowed(found, target.port());
    if (endpoints.empty()) co_return refuse(host, found);
    const auto error = co_await over.open(std::move(endpoints));
    if (error) co_return network_failure(error, connecting);
    if (target.scheme() == "https") co_return co_await secure(over, std::move(host));
    co_return std::nullopt;
}

std::vector<tcp::endpoint> connector::allowed(const lookup& found, std::uint16_t port) const {
    std::vector<tcp::endpoint> endpoints;
    for (const auto& address : found.addresses) {
        if (options_.allow_private || kind_if_not_public(address).empty()) endpoints.emplace_back(address, port);
    }
    return endpoints;
}

braid::task<failed> connector::secure(connection& over, std::string host) {
    const auto error = co_await over.secure(tls(), host);
    if (!error) co_return std::nullopt;
    const std::string problem = options_.tls.verify ? over.certificate_problem() : std::string();
    if (problem.empty()) co_return network_failure(error, "negotiating TLS");
    co_return fetch_failure{outcome::network_error,
                            fmt::format("the certificate of {} is refused: {}; --ca-file adds roots, --insecure skips "
                                        "the check",
                                        host, problem)};
}

boost::asio::ssl::context& connector::tls() {
    if (!tls_) tls_ = make_tls_context(options_.tls);
    return *tls_;
}

}  // namespace crawl
