#include <doctest/doctest.h>

#include <crawl/fetch.hpp>

#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>
#include <braid/core/this_executor.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <tuple>

#include "support/test_server.hpp"

using namespace crawl;
using namespace crawl::testing;

namespace {

namespace ip = boost::asio::ip;

std::atomic<int> lookups = 0;

/// A resolver of a few names.
lookup look_up_for_tests(const std::string& host) {
    ++lookups;
    if (host == "local.example" || host == "other.example") return {{}, {ip::make_address("127.0.0.1")}};
    if (host == "inside.example") return {{}, {ip::make_address("10.0.0.1"), ip::make_address("fd00::1")}};
    if (host == "half-deaf.example") return {{}, {ip::make_address("127.0.0.2"), ip::make_address("127.0.0.1")}};
    return {boost::asio::error::host_not_found, {}};
}

connector_options connecting(bool allow_private, tls_options tls = {}) {
    return {.allow_private = allow_private, .tls = std::move(tls), .look_up = look_up_for_tests};
}

const connector_options careful = connecting(false);
const connector_options careless = connecting(true);

fetch_options fetching_with(const connector_options& how) {
    fetch_options options;
    options.connecting = how;
    return options;
}

braid::task<fetch_result> fetch_with(const connector_options& how, std::string text) {
    const auto executor = co_await braid::this_executor();
    fetcher fetching(executor, fetching_with(how));
    co_return co_await fetching.fetch(*parse_url(text));
}

std::string message_of(const fetch_result& result) {
    const auto* failure = std::get_if<fetch_failure>(&result);
    return failure != nullptr ? failure->message : "it came: " + std::get<fetched>(result).body;
}

const test_server::answer hello = [](std::string_view) { return reply{response(200, "", "hello")}; };

/// What becomes of a fetch from a server with that certificate, called by that name.
std::string fetch_by_tls(const certificate& with, const std::string& host, const tls_options& options) {
    std::string message;
    const connector_options how = connecting(true, options);
    const auto work = [&](test_server& server) -> braid::task<> {
        const fetch_result result = co_await fetch_with(how, server.url("/", host));
        message = message_of(result);
    };
    braid::run_blocking(with_tls_server(hello, with, work));
    return message;
}

/// A file with that certificate in it.
struct pem_file {
    std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("connector_test." + std::to_string(::getpid()) + ".pem");
    explicit pem_file(const std::string& text) { std::ofstream(path) << text; }
    pem_file(const pem_file&) = delete;
    pem_file& operator=(const pem_file&) = delete;
    ~pem_file() { std::filesystem::remove(path); }
};

/// Listens at 127.0.0.2, and lets nobody in: its queue is full.
class deaf_listener {
public:
    explicit deaf_listener(std::uint16_t port) {
        const ip::tcp::endpoint there(ip::make_address("127.0.0.2"), port);
        door_.open(ip::tcp::v4());
        door_.bind(there);
        door_.listen(0);
        for (ip::tcp::socket& guest : guests_) {
            guest.open(ip::tcp::v4());
            guest.non_blocking(true);
            // Asio's own would wait for the answer.
            std::ignore = ::connect(guest.native_handle(), there.data(), static_cast<socklen_t>(there.size()));
        }
    }

private:
    boost::asio::io_context context_;
    ip::tcp::acceptor door_{context_};
    std::array<ip::tcp::socket, 3> guests_{ip::tcp::socket(context_), ip::tcp::socket(context_),
                                           ip::tcp::socket(context_)};
};

}  // namespace

TEST_SUITE("crawl/connector") {
    TEST_CASE("an address that does not answer leaves time for the next") {
        braid::run_blocking(with_server(hello, [](test_server& server) -> braid::task<> {
            const std::string there = server.url("/", "half-deaf.example");
            const deaf_listener deaf(parse_url(there)->port());
            fetch_options options = fetching_with(careless);
            options.connect_timeout = std::chrono::seconds(2);
            fetcher fetching(co_await braid::this_executor(), options);
            const fetch_result result = co_await fetching.fetch(*parse_url(there));
            CHECK(message_of(result) == "it came: hello");
        }));
    }

    TEST_CASE("an address that is not public is refused, by number and behind a name") {
        int connections = -1;
        braid::run_blocking(with_server(hello, [&](test_server& server) -> braid::task<> {
            const fetch_result by_number = co_await fetch_with(careful, server.url("/"));
            CHECK(message_of(by_number) == "refused: 127.0.0.1 is a loopback address; --allow-private allows those");
            const fetch_result by_name = co_await fetch_with(careful, server.url("/", "local.example"));
            CHECK(message_of(by_name) ==
                  "refused: local.example is at 127.0.0.1, which is a loopback address; --allow-private allows those");
            CHECK(std::get<fetch_failure>(by_name).how == outcome::refused_address);
            const fetch_result inside = co_await fetch_with(careful, server.url("/", "inside.example"));
            CHECK(message_of(inside).find("10.0.0.1, which is a private address") != std::string::npos);
            connections = server.connections();
        }));
        CHECK(connections == 0);
    }

    TEST_CASE("a name is looked up once for all who ask, and again for none of those that follow") {
        braid::run_blocking(with_server(hello, [](test_server& server) -> braid::task<> {
            const auto executor = co_await braid::this_executor();
            fetcher fetching(executor, fetching_with(careless));
            const url target = *parse_url(server.url("/", "local.example"));
            lookups = 0;
            int came = 0;
            co_await braid::with_task_group([&](braid::task_group& group) -> braid::task<> {
                for (int i = 0; i < 5; ++i) {
                    group.start([&]() -> braid::task<> {
                        const fetch_result result = co_await fetching.fetch(target);
                        if (message_of(result) == "it came: hello") ++came;
                    });
                }
                co_return;
            });
            CHECK(came == 5);
            CHECK(lookups == 1);
        }));
    }

    TEST_CASE("a host that nobody knows is told as such") {
        braid::run_blocking([]() -> braid::task<> {
            const fetch_result result = co_await fetch_with(careless, "http://nowhere.example/");
            CHECK(message_of(result) == "unknown host");
            CHECK_FALSE(std::get<fetch_failure>(result).passing);
        }());
    }

    TEST_CASE("a certificate that nobody trusts is refused, unless its file is given or the check is off") {
        const certificate mine = make_certificate("IP:127.0.0.1,DNS:local.example");
        CHECK(fetch_by_tls(mine, "127.0.0.1", {}) ==
              "the certificate of 127.0.0.1 is refused: self-signed certificate; --ca-file adds roots, --insecure "
              "skips the check");
        const pem_file roots(mine.pem);
        CHECK(fetch_by_tls(mine, "127.0.0.1", {.ca_file = roots.path}) == "it came: hello");
        CHECK(fetch_by_tls(mine, "local.example", {.ca_file = roots.path}) == "it came: hello");
        CHECK(fetch_by_tls(mine, "127.0.0.1", {.verify = false}) == "it came: hello");
    }

    TEST_CASE("a trusted certificate of another host is refused") {
        const certificate others = make_certificate("DNS:elsewhere.example,IP:127.0.0.2");
        const pem_file roots(others.pem);
        CHECK(fetch_by_tls(others, "local.example", {.ca_file = roots.path}).find("hostname mismatch") !=
              std::string::npos);
        CHECK(fetch_by_tls(others, "127.0.0.1", {.ca_file = roots.path}).find("IP address mismatch") !=
              std::string::npos);
    }

    TEST_CASE("a file without certificates is told by name before anything is fetched") {
        const pem_file nonsense("no certificate");
        CHECK_THROWS_WITH_AS(connector({.tls = {.ca_file = nonsense.path}}), doctest::Contains(nonsense.path.c_str()),
                             std::runtime_error);
    }
}
