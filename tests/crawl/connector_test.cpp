#include <doctest/doctest.h>

#include <crawl/fetch.hpp>

#include <braid/core/deadline.hpp>
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
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

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
    if (host == "deaf.example") return {{}, {ip::make_address("127.0.0.2")}};
    if (host == "mixed.example") {
        lookup found;
        for (const char* address : {"10.0.0.1", "1.1.1.1", "127.0.0.1", "fd00::1", "2606:4700::1"}) {
            found.addresses.push_back(ip::make_address(address));
        }
        return found;
    }
    if (host == "rebinding.example") return {{}, {ip::make_address(lookups == 1 ? "2606:4700::1" : "127.0.0.1")}};
    return {boost::asio::error::host_not_found, {}};
}

// The internet of the tests: the server of a test is at every address but one, which refuses. What was connected to is
// noted.
std::vector<std::string> connected_to;

braid::task<boost::system::error_code> open_and_note(connection& over, ip::tcp::endpoint to) {
    connected_to.push_back(to.address().to_string());
    if (connected_to.back() == "1.1.1.1") co_return boost::asio::error::connection_refused;
    co_return co_await over.open({ip::address_v4::loopback(), to.port()});
}

connector_options connecting(bool allow_private, tls_options tls = {}) {
    return {.allow_private = allow_private, .tls = std::move(tls), .look_up = look_up_for_tests};
}

const connector_options careful = connecting(false);
const connector_options careless = connecting(true);
const connector_options careful_and_noted{.look_up = look_up_for_tests, .open = open_and_note};

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
    std::filesystem::path path;
    explicit pem_file(const std::string& text, const std::string& name = "roots")
        : path(std::filesystem::temp_directory_path() /
               ("connector_test." + std::to_string(::getpid()) + "." + name + ".pem")) {
        std::ofstream(path) << text;
    }
    pem_file(const pem_file&) = delete;
    pem_file& operator=(const pem_file&) = delete;
    ~pem_file() { std::filesystem::remove(path); }
};

/// A variable of the environment, for a while.
class variable {
public:
    variable(const char* name, const std::string& value) : name_(name) {
        if (const char* const before = std::getenv(name)) before_ = before;
        ::setenv(name, value.c_str(), 1);
    }
    variable(const variable&) = delete;
    variable& operator=(const variable&) = delete;
    ~variable() {
        if (before_) {
            ::setenv(name_, before_->c_str(), 1);
        } else {
            ::unsetenv(name_);
        }
    }

private:
    const char* name_;
    std::optional<std::string> before_;
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

    TEST_CASE("the only address of a host, which does not answer, costs the time to connect and no more") {
        braid::run_blocking(with_server(hello, [](test_server& server) -> braid::task<> {
            const std::string there = server.url("/", "deaf.example");
            const deaf_listener deaf(parse_url(there)->port());
            fetch_options options = fetching_with(careless);
            options.connect_timeout = std::chrono::milliseconds(20);
            fetcher fetching(co_await braid::this_executor(), options);
            const auto result =
                co_await braid::move_on_after(std::chrono::minutes(1), fetching.fetch(*parse_url(there)));
            REQUIRE(result);
            CHECK(message_of(*result) == "timed out after 0.02 s while connecting");
            REQUIRE(std::holds_alternative<fetch_failure>(*result));
            CHECK(std::get<fetch_failure>(*result).how == outcome::timed_out);
            CHECK(std::get<fetch_failure>(*result).passing);
        }));
    }

    TEST_CASE("a name that is at public and at private addresses is connected to at the public ones alone") {
        braid::run_blocking(with_server(hello, [](test_server& server) -> braid::task<> {
            connected_to.clear();
            const fetch_result result = co_await fetch_with(careful_and_noted, server.url("/", "mixed.example"));
            CHECK(message_of(result) == "it came: hello");
            CHECK(connected_to == std::vector<std::string>{"1.1.1.1", "2606:4700::1"});
        }));
    }

    TEST_CASE("a name that leads to a private address once it was checked is connected to where it was checked") {
        const test_server::answer once_each = [](std::string_view) {
            return reply{response(200, "Connection: close\r\n", "hello"), then::close};
        };
        braid::run_blocking(with_server(once_each, [](test_server& server) -> braid::task<> {
            lookups = 0;
            connected_to.clear();
            const url target = *parse_url(server.url("/", "rebinding.example"));
            const std::vector<std::string> checked(3, "2606:4700::1");
            fetcher fetching(co_await braid::this_executor(), fetching_with(careful_and_noted));
            for (std::size_t i = 0; i < checked.size(); ++i) {
                const fetch_result result = co_await fetching.fetch(target);
                CHECK(message_of(result) == "it came: hello");
            }
            CHECK(connected_to == checked);
            // Who looks it up again checks what it is then.
            const fetch_result later = co_await fetch_with(careful_and_noted, server.url("/", "rebinding.example"));
            CHECK(message_of(later).starts_with("refused: rebinding.example is at 127.0.0.1, "));
            CHECK(connected_to == checked);
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

    TEST_CASE("where too many connections are idle the oldest is closed, and a later host keeps its own") {
        braid::run_blocking(with_server(hello, [](test_server& server) -> braid::task<> {
            fetch_options one_idle = fetching_with(careless);
            one_idle.max_idle = 1;
            fetcher fetching(co_await braid::this_executor(), one_idle);
            const url first = *parse_url(server.url("/", "local.example"));
            const url later = *parse_url(server.url("/", "other.example"));
            for (const url& target : {first, later, later}) {
                const fetch_result result = co_await fetching.fetch(target);
                CHECK(message_of(result) == "it came: hello");
            }
            CHECK(server.connections() == 2);
            const fetch_result again = co_await fetching.fetch(first);
            CHECK(message_of(again) == "it came: hello");
            CHECK(server.connections() == 3);
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

    TEST_CASE("who the system trusts is trusted without any option, and beside those of a file that is given") {
        const certificate systems = make_certificate("IP:127.0.0.1");
        const certificate users = make_certificate("DNS:local.example");
        const pem_file roots_of_system(systems.pem);
        const variable for_openssl("SSL_CERT_FILE", roots_of_system.path);
        CHECK(fetch_by_tls(systems, "127.0.0.1", {}) == "it came: hello");
        CHECK(fetch_by_tls(users, "local.example", {}).starts_with("the certificate of local.example is refused: "));
        const pem_file roots_of_user(users.pem, "user");
        CHECK(fetch_by_tls(systems, "127.0.0.1", {.ca_file = roots_of_user.path}) == "it came: hello");
        CHECK(fetch_by_tls(users, "local.example", {.ca_file = roots_of_user.path}) == "it came: hello");
    }

    TEST_CASE("a trusted certificate of another host is refused") {
        const certificate others = make_certificate("DNS:elsewhere.example,IP:127.0.0.2");
        const pem_file roots(others.pem);
        CHECK(fetch_by_tls(others, "local.example", {.ca_file = roots.path}).find("hostname mismatch") !=
              std::string::npos);
        CHECK(fetch_by_tls(others, "127.0.0.1", {.ca_file = roots.path}).find("IP address mismatch") !=
              std::string::npos);
    }

    TEST_CASE("a server with a certificate for each name is asked for the one of its host") {
        const certificate first = make_certificate("DNS:local.example");
        const certificate second = make_certificate("DNS:other.example");
        const certificate for_others = make_certificate("DNS:elsewhere.example,IP:127.0.0.1");
        const pem_file roots(first.pem + second.pem + for_others.pem);
        const connector_options trusting = connecting(true, {.ca_file = roots.path});
        braid::run_blocking(with_tls_server(hello, for_others, [&](test_server& server) -> braid::task<> {
            server.choose_by_name({{"local.example", first}, {"other.example", second}});
            for (const char* const host : {"local.example", "other.example"}) {
                const fetch_result result = co_await fetch_with(trusting, server.url("/", host));
                CHECK(message_of(result) == "it came: hello");
            }
            CHECK(server.names_asked() == std::vector<std::string>{"local.example", "other.example"});
        }));
    }

    TEST_CASE("an address that is no name is not asked for by name, and still has to be in the certificate") {
        const certificate mine = make_certificate("IP:127.0.0.1");
        const pem_file roots(mine.pem);
        const connector_options trusting = connecting(true, {.ca_file = roots.path});
        braid::run_blocking(with_tls_server(hello, mine, [&](test_server& server) -> braid::task<> {
            const fetch_result right = co_await fetch_with(trusting, server.url("/"));
            CHECK(message_of(right) == "it came: hello");
            const fetch_result wrong = co_await fetch_with(trusting, server.url("/", "local.example"));
            CHECK_MESSAGE(message_of(wrong).find("hostname mismatch") != std::string::npos, message_of(wrong));
            CHECK(server.names_asked() == std::vector<std::string>{"", "local.example"});
        }));
    }

    TEST_CASE("with the check off a certificate of another host is taken, and its name is asked for all the same") {
        const certificate others = make_certificate("DNS:elsewhere.example");
        const connector_options careless_tls = connecting(true, {.verify = false});
        braid::run_blocking(with_tls_server(hello, others, [&](test_server& server) -> braid::task<> {
            const fetch_result result = co_await fetch_with(careless_tls, server.url("/", "local.example"));
            CHECK(message_of(result) == "it came: hello");
            CHECK(server.names_asked() == std::vector<std::string>{"local.example"});
        }));
    }

    TEST_CASE("a file without certificates is told by name before anything is fetched") {
        const pem_file nonsense("no certificate");
        CHECK_THROWS_WITH_AS(connector({.tls = {.ca_file = nonsense.path}}), doctest::Contains(nonsense.path.c_str()),
                             std::runtime_error);
    }
}
