#include "connector.hpp"

#include <braid/core/deadline.hpp>

#include <fmt/format.h>

#include <boost/asio/ip/address.hpp>

#include "address_rules.hpp"

namespace crawl {
namespace {

using tcp = boost::asio::ip::tcp;
using failed = std::optional<fetch_failure>;
using braid::time_point;

constexpr std::string_view step_connecting = "connecting";

/// Of addresses none of which is allowed.
fetch_failure refuse(const std::string& host, const lookup& found) {
    const auto& address = found.addresses.front();
    const std::string text = address.to_string();
    const std::string subject = host == text ? host : fmt::format("{} is at {}, which", host, text);
    return {outcome::refused_address,
            fmt::format("refused: {} is {}; --allow-private allows those", subject, kind_if_not_public(address))};
}

fetch_failure proxy_failure(const proxy& by, const boost::system::error_code& error, std::string_view doing) {
    fetch_failure failure = network_failure(error, doing);
    failure.message = fmt::format("the proxy {}: {}", by.name(), failure.message);
    return failure;
}

/// Connects to the first that answers; else gives the error of the last.
braid::task<boost::system::error_code> open_first(address_opener open, connection& over,
                                                  const std::vector<tcp::endpoint>& to, time_point deadline) {
    for (auto there = to.begin(); there + 1 != to.end(); ++there) {
        const time_point now = time_point::clock::now();
        const auto ended = co_await braid::move_on_at(now + (deadline - now) / 2, open(over, *there));
        if (ended && !*ended) co_return *ended;
    }
    co_return co_await open(over, to.back());
}

}  // namespace

braid::task<boost::system::error_code> open_directly(connection& over, tcp::endpoint to) { return over.open(to); }

connector::connector(connector_options options) : options_(std::move(options)), names_(options_.look_up) {
    if (!options_.tls.ca_file.empty()) tls();  // a wrong file is told of before anything is fetched
}

braid::task<failed> connector::open(connection& over, const url& target, time_point deadline) {
    if (const proxy* by = options_.proxies.of(target)) co_return co_await open_through(over, target, *by, deadline);
    std::string host(target.address());
    const lookup found = co_await names_.find(host);
    if (found.error) co_return network_failure(found.error, step_connecting);
    std::vector<tcp::endpoint> endpoints = allowed(found, target.port());
    if (endpoints.empty()) co_return refuse(host, found);
    const auto error = co_await open_first(options_.open, over, endpoints, deadline);
    if (error) co_return network_failure(error, step_connecting);
    if (target.scheme() == "https") co_return co_await secure(over, std::move(host));
    co_return std::nullopt;
}

braid::task<failed> connector::open_through(connection& over, const url& target, const proxy& by, time_point deadline) {
    std::string host(target.address());
    boost::system::error_code no_number;
    const auto address = boost::asio::ip::make_address(host, no_number);
    const lookup as_written{{}, {address}};
    if (!no_number && allowed(as_written, target.port()).empty()) co_return refuse(host, as_written);
    const lookup found = co_await names_.find(by.host);
    if (found.error) co_return proxy_failure(by, found.error, step_connecting);
    std::vector<tcp::endpoint> endpoints;
    for (const auto& a : found.addresses) endpoints.emplace_back(a, by.port);
    const auto error = co_await open_first(options_.open, over, endpoints, deadline);
    if (error) co_return proxy_failure(by, error, step_connecting);
    if (target.scheme() == "https") {
        auto failure = co_await make_tunnel(over, target, by);
        if (failure) co_return std::move(*failure);
        co_return co_await secure(over, std::move(host));
    }
    co_return std::nullopt;
}

braid::task<failed> connector::make_tunnel(connection& over, const url& target, const proxy& by) {
    const std::string to = fmt::format("{}:{}", target.host(), target.port());
    http_request asked(boost::beast::http::verb::connect, to, 11);
    asked.set(boost::beast::http::field::host, to);
    if (!by.authorization.empty()) asked.set(boost::beast::http::field::proxy_authorization, by.authorization);
    unsigned status = 0;
    const auto error = co_await over.make_tunnel(asked, status);
    if (error) co_return proxy_failure(by, error, "asking it to connect");
    if (status / 100 == 2) co_return std::nullopt;
    co_return fetch_failure{outcome::network_error,
                            fmt::format("the proxy {} does not connect to {}: status {}", by.name(), to, status),
                            status >= 500};
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
