// What goes with a request: secrets, cookies; and by way of whom it goes.

#include <doctest/doctest.h>

#include <crawl/credentials.hpp>
#include <crawl/fetch.hpp>

#include <braid/core/spawn.hpp>
#include <braid/core/this_executor.hpp>

#include <boost/asio/error.hpp>
#include <string>
#include <variant>
#include <vector>

#include "test_files.hpp"
#include "support/crawling.hpp"
#include "support/fetching.hpp"
#include "support/test_server.hpp"

using namespace crawl;
using namespace crawl::testing;

namespace {

/// Everything resolves to the server of the test.
lookup look_up_loopback(const std::string&) { return {{}, {boost::asio::ip::make_address("127.0.0.1")}}; }

lookup look_up_nothing_but_proxy(const std::string& host) {
    if (host == "proxy.example") return look_up_loopback(host);
    return {boost::asio::error::host_not_found, {}};
}

/// Answers with the head of the request.
reply echo(const request& asked) { return {response(200, "", asked.head)}; }

fetch_options plain() {
    fetch_options options = local();
    options.connecting.look_up = look_up_loopback;
    return options;
}

/// Fetches these one after the other; gives what came, or why it did not.
braid::task<std::vector<std::string>> fetch_all(fetch_options options, std::vector<std::string> urls) {
    fetcher fetching(co_await braid::this_executor(), options);
    std::vector<std::string> came;
    for (const std::string& one : urls) {
        const fetch_result result = co_await fetching.fetch(parsed(one));
        const auto* failure = std::get_if<fetch_failure>(&result);
        came.push_back(failure != nullptr ? failure->message : std::get<fetched>(result).body);
    }
    co_return came;
}

bool says(const std::string& head, const std::string& line) {
    return head.find("\r\n" + line + "\r\n") != std::string::npos;
}

proxy_settings proxies(const test_server& server, const std::string& user = {}) {
    const std::string address = "http://" + user + "proxy.example:" + std::to_string(parsed(server.url("/")).port());
    return proxy_settings([address](const char* name) {
        const std::string wanted = name;
        return wanted == "http_proxy" || wanted == "https_proxy" ? address.c_str() : nullptr;
    });
}

fetch_options by_proxy(const test_server& server, const std::string& user = {}) {
    fetch_options options;
    options.connecting.look_up = look_up_nothing_but_proxy;
    options.connecting.proxies = proxies(server, user);
    return options;
}

}  // namespace

TEST_SUITE("crawl/request") {
    TEST_CASE("secrets are told to the start hosts and to no other, other headers to all") {
        braid::run_blocking(with_server(echo, [](test_server& server) -> braid::task<> {
            fetch_options options = plain();
            options.user = "me:secret";
            options.headers = {{"Cookie", "id=1"}, {"X-Own", "yes"}};
            options.homes = {parsed(server.url("/", "home.example"))};
            const std::vector<std::string> urls{server.url("/", "home.example"), server.url("/", "away.example")};
            const std::vector<std::string> heads = co_await fetch_all(options, urls);
            CHECK(says(heads[0], "Authorization: Basic bWU6c2VjcmV0"));
            CHECK(says(heads[0], "Cookie: id=1"));
            CHECK(heads[1].find("uthorization") == std::string::npos);
            CHECK(heads[1].find("Cookie") == std::string::npos);
            for (const std::string& head : heads) CHECK(says(head, "X-Own: yes"));
        }));
    }

    TEST_CASE("every request of a crawl says who asks, and in which codings the answer may come") {
        std::vector<std::string> asked_for;
        const test_server::answer site = [&asked_for](const request& asked) -> reply {
            asked_for.emplace_back(asked);
            CHECK(asked.header("User-Agent") == "mine/2.0 (+http://me.example/)");
            CHECK(asked.header("Accept-Encoding") == "gzip, deflate, br, zstd");
            if (asked == "/robots.txt") return {response(404, "", "")};
            return {page({"a"})};
        };
        const auto adjust = [](options& o) { o.user_agent = "mine/2.0 (+http://me.example/)"; };
        crawl_and_check(site, adjust, parse_page, [](const auto&, const summary&) {});
        CHECK(asked_for == std::vector<std::string>{"/robots.txt", "/", "/a"});
    }

    TEST_CASE("the name and the password of a start URL are told to its host instead of those for all") {
        braid::run_blocking(with_server(echo, [](test_server& server) -> braid::task<> {
            fetch_options options = plain();
            options.user = "me:secret";
            options.homes = {parsed(server.url("/", "home.example")), parsed(server.url("/", "second.example"))};
            options.users = {{options.homes[1], "you:too"}};
            const std::vector<std::string> urls{server.url("/", "home.example"), server.url("/", "second.example"),
                                                server.url("/", "away.example")};
            const std::vector<std::string> heads = co_await fetch_all(options, urls);
            CHECK(says(heads[0], "Authorization: Basic bWU6c2VjcmV0"));
            CHECK(says(heads[1], "Authorization: " + basic_authorization("you:too")));
            CHECK(heads[2].find("uthorization") == std::string::npos);
        }));
    }

    TEST_CASE("in a crawl a redirect to another host does not take the password with it") {
        std::vector<std::string> told;
        std::string elsewhere;
        const test_server::answer other = [&told](const request& asked) -> reply {
            told.push_back(asked.header("Authorization"));
            return {page({})};
        };
        const test_server::answer home = [&](const request& asked) -> reply {
            CHECK(asked.header("Authorization") == "Basic bWU6c2VjcmV0");
            if (asked == "/robots.txt") return {response(404, "", "")};
            return {response(302, "Location: " + elsewhere + "\r\n", "")};
        };
        const output_file file;
        braid::run_blocking(with_server(other, [&](test_server& second) -> braid::task<> {
            elsewhere = second.url("/there");
            co_await with_server(home, [&](test_server& first) -> braid::task<> {
                options o = quick_options(first, file);
                o.all_hosts = true;
                o.user = "me:secret";
                co_await crawl_by(o);
            });
        }));
        const std::vector<std::string> nothing{"", ""};  // for robots.txt and for the page
        CHECK(told == nothing);
    }

    TEST_CASE("cookies come back to the host that set them, if they are wanted") {
        const test_server::answer site = [](const request& asked) -> reply {
            if (asked == "/set") return {response(200, "Set-Cookie: a=1; Path=/\r\nSet-Cookie: b=2; Path=/x\r\n", "")};
            return echo(asked);
        };
        braid::run_blocking(with_server(site, [](test_server& server) -> braid::task<> {
            const std::vector<std::string> urls{server.url("/set", "h.example"), server.url("/x", "h.example"),
                                                server.url("/y", "h.example"), server.url("/x", "other.example")};
            fetch_options options = plain();
            options.cookies = true;
            const std::vector<std::string> heads = co_await fetch_all(options, urls);
            CHECK(says(heads[1], "Cookie: b=2; a=1"));
            CHECK(says(heads[2], "Cookie: a=1"));
            CHECK(heads[3].find("Cookie") == std::string::npos);
            options.cookies = false;
            const std::vector<std::string> without = co_await fetch_all(options, urls);
            CHECK(without[1].find("Cookie") == std::string::npos);
        }));
    }

    TEST_CASE("a crawl that is gone on with has its cookies, and one that is complete leaves none behind") {
        crawler* running = nullptr;
        std::string came_back;
        const test_server::answer site = [&](const request& asked) -> reply {
            if (asked == "/robots.txt") return {response(404, "", "")};
            if (asked == "/") {
                running->stop();
                return {response(200,
                                 "Content-Type: text/html\r\nSet-Cookie: session=s3cr3t; Path=/\r\n"
                                 "Set-Cookie: kept=1; Max-Age=1000; HttpOnly\r\nSet-Cookie: gone=1; Max-Age=0\r\n",
                                 "<a href=a></a>")};
            }
            came_back = asked.header("Cookie");
            return {response(200, "", "")};
        };
        const output_file file;
        braid::run_blocking(with_server(site, [&](test_server& server) -> braid::task<> {
            options o = quick_options(server, file);
            o.cookies = true;
            for (int runs = 0; runs < 2; ++runs) {
                {
                    crawler crawling(co_await braid::this_executor(), o);
                    running = &crawling;
                    co_await crawling.run();
                    CHECK(crawling.result().interrupted == (runs == 0));
                }
                const std::string kept = query_text(file, "SELECT group_concat(name) FROM cookies");
                CHECK(kept == (runs == 0 ? "session,kept" : ""));
            }
            CHECK(came_back == "session=s3cr3t; kept=1");
        }));
        CHECK(query_text(file, "SELECT count(*) FROM cookies") == "0");
        CHECK(read_file(file.path).find("s3cr3t") == std::string::npos);
    }

    TEST_CASE("a proxy for http is asked for the whole URL, and looks the name up itself") {
        braid::run_blocking(with_server(echo, [](test_server& server) -> braid::task<> {
            const std::vector<std::string> urls{"http://site.example/a?b"};
            const std::vector<std::string> heads = co_await fetch_all(by_proxy(server, "me:pw@"), urls);
            CHECK(heads[0].starts_with("GET http://site.example/a?b HTTP/1.1\r\n"));
            CHECK(says(heads[0], "Host: site.example"));
            CHECK(says(heads[0], "Proxy-Authorization: Basic bWU6cHc="));
        }));
    }

    TEST_CASE("TLS goes through a tunnel of the proxy, which hears nothing of what is in it") {
        std::vector<std::string> asked_of_proxy;
        const certificate site = make_certificate("DNS:site.example");
        const test_server::answer both = [&asked_of_proxy](const request& asked) -> reply {
            if (!asked.head.starts_with("CONNECT ")) return echo(asked);
            asked_of_proxy.emplace_back(asked.head);
            return {"HTTP/1.1 200 Connected\r\n\r\n", then::tunnel};
        };
        braid::run_blocking(with_proxy(both, site, [](test_server& server) -> braid::task<> {
            fetch_options options = by_proxy(server, "me:pw@");
            options.connecting.tls.verify = false;
            options.user = "my:secret";
            options.homes = {parsed("https://site.example/")};
            const std::vector<std::string> urls{"https://site.example/a", "https://site.example/b"};
            const std::vector<std::string> heads = co_await fetch_all(options, urls);
            CHECK(heads[0].starts_with("GET /a HTTP/1.1\r\n"));
            CHECK(heads[1].starts_with("GET /b HTTP/1.1\r\n"));
            CHECK(heads[0].find("Proxy-Authorization") == std::string::npos);
            CHECK(server.connections() == 1);
        }));
        REQUIRE(asked_of_proxy.size() == 1);
        CHECK(asked_of_proxy[0].starts_with("CONNECT site.example:443 HTTP/1.1\r\n"));
        CHECK(says(asked_of_proxy[0], "Proxy-Authorization: Basic bWU6cHc="));
        CHECK(asked_of_proxy[0].find("\r\nAuthorization") == std::string::npos);
    }

    TEST_CASE("a certificate that nobody vouches for ends in the results, and --insecure takes it") {
        const certificate of_nobody = make_certificate("DNS:elsewhere.example");
        for (const bool insecure : {false, true}) {
            const output_file file;
            row front;
            braid::run_blocking(with_tls_server(echo, of_nobody, [&](test_server& server) -> braid::task<> {
                const std::string start = server.url("/");
                std::vector<const char*> line{"crawl", start.c_str(), "--allow-private", "--retries", "0"};
                if (insecure) line.push_back("--insecure");
                auto asked = parse_options(static_cast<int>(line.size()), line.data());
                options o = std::get<options>(asked);
                o.output = file.path;
                o.workers = 0;
                co_await crawl_by(o);
                front = pages_in(file, server).at("/");
            }));
            CHECK(front.outcome == (insecure ? "fetched" : "network error"));
            CHECK(front.detail.empty() == insecure);
            if (!insecure) CHECK(front.detail.starts_with("the certificate of 127.0.0.1 is refused: "));
        }
    }

    TEST_CASE("a proxy that refuses, says too much or is not there is told of by its name") {
        const std::vector<std::string> urls{"https://site.example/"};
        for (const reply& answer : {reply{response(403, "", "no")}, reply{"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n"},
                                    reply{"", then::close}}) {
            const test_server::answer same = [&answer](std::string_view) { return answer; };
            braid::run_blocking(with_server(same, [&urls](test_server& server) -> braid::task<> {
                const std::vector<std::string> came = co_await fetch_all(by_proxy(server), urls);
                CHECK_MESSAGE(came[0].starts_with("the proxy proxy.example:"), came[0]);
            }));
        }
        const test_server::answer refusing = [](std::string_view) { return reply{response(403, "", "no")}; };
        braid::run_blocking(with_server(refusing, [&urls](test_server& server) -> braid::task<> {
            const std::vector<std::string> came = co_await fetch_all(by_proxy(server), urls);
            CHECK(came[0].ends_with(" does not connect to site.example:443: status 403"));
        }));
    }

    TEST_CASE("a proxy does not lead to addresses that are refused without it") {
        braid::run_blocking(with_server(echo, [](test_server& server) -> braid::task<> {
            const std::vector<std::string> urls{"http://169.254.169.254/latest", "http://10.0.0.1/",
                                                "http://127.0.0.1/"};
            const std::vector<std::string> came = co_await fetch_all(by_proxy(server), urls);
            for (const std::string& message : came) CHECK_MESSAGE(message.starts_with("refused: "), message);
            CHECK(server.connections() == 0);
        }));
    }
}
