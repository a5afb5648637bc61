// Sites of very many hosts: what the crawler remembers of those that it has done with.

#include <crawl/crawler.hpp>

#include <doctest/doctest.h>

#include <braid/core/spawn.hpp>
#include <braid/core/this_executor.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>

#include "support/crawling.hpp"
#include "support/patient_fetching.hpp"
#include "support/test_server.hpp"

using namespace crawl;
using namespace crawl::testing;
using namespace std::chrono_literals;

namespace {

constexpr int all_hosts = 2500;
constexpr int at_a_time = 8;

std::string host_url(int number) { return fmt::format("http://h{}.site.example/", number); }

/// The host that a whole URL is of.
int number_of(std::string_view asked) { return std::atoi(std::string(asked.substr(8)).c_str()); }

/// Each of the hosts has a robots.txt, and a page that leads to the next of its lane; the first to the first of all.
reply answer_as_hosts(std::string_view asked) {
    if (asked.ends_with("/robots.txt")) return {response(200, "", "User-agent: *\nDisallow: /no\n")};
    const int here = number_of(asked);
    std::string links;
    if (here == 0) {
        for (int next = 1; next <= at_a_time; ++next) links += fmt::format("<a href='{}'></a>", host_url(next));
    } else if (here + at_a_time < all_hosts) {
        links = fmt::format("<a href='{}'></a>", host_url(here + at_a_time));
    }
    return {response(200, "Content-Type: text/html\r\n", links)};
}

}  // namespace

TEST_SUITE("crawl/many hosts") {
    TEST_CASE("of thousands of hosts that nothing is left to do for not many more than a thousand are remembered") {
        const crawler* running = nullptr;
        std::size_t most = 0;
        const test_server::answer hosts = [&](std::string_view asked) {
            most = std::max(most, running->hosts_remembered());
            return answer_as_hosts(asked);
        };
        const output_file file;
        braid::run_blocking(with_server(hosts, [&](test_server& server) -> braid::task<> {
            options o = quick_options_by_proxy(server, file, host_url(0));
            o.all_hosts = true;
            o.workers = 0;
            crawler crawling(co_await braid::this_executor(), o);
            running = &crawling;
            co_await crawling.run();
            CHECK(crawling.result().pages == all_hosts);
            CHECK(server.requests() == 2 * all_hosts);
        }));
        CHECK(most > 1000);
        CHECK(most <= 1000 + 2 * at_a_time);
    }

    TEST_CASE("a pause that a host asked for is not forgotten, and what is over is") {
        pacer pace(0ms, time_of_the_test);
        const url busy = *parse_url("http://busy.example/");
        const url other = *parse_url("http://other.example/");
        const idle_origin any = [](const std::string&) { return true; };
        pace.slow_down(busy, 5s);
        pace.pause(other, 1s);
        present += 1s;
        pace.forget_if(any);
        CHECK(pace.sites() == 1);
        CHECK(pace.delay_of(busy.origin()) == 5s);
        present += 4s;
        pace.forget_if(any);
        CHECK(pace.sites() == 0);
    }

    TEST_CASE("a host that has something to do is not forgotten") {
        frontier queue(scope({*parse_url("http://a.example/")}, {.all_hosts = true}), {});
        const url a = *parse_url("http://a.example/");
        const url b = *parse_url("http://b.example/");
        const idle_origin any = [](const std::string&) { return true; };
        queue.add(a, {});
        queue.add(b, {});
        const auto first = queue.next();
        REQUIRE(first);
        queue.forget_if(any);
        CHECK(queue.hosts() == 2);
        queue.done(first->target);
        queue.forget_if(any);
        CHECK(queue.hosts() == 1);
        const auto second = queue.next();
        REQUIRE(second);
        CHECK(second->target.text() == b.text());
        queue.done(b);
        queue.forget_if(any);
        CHECK(queue.hosts() == 0);
        CHECK_FALSE(queue.add(a, {}).is_new);
    }

    TEST_CASE("that a host was throttled is told also when it has been forgotten") {
        const url target = *parse_url("http://a.example/");
        throttle hosts(8, [](const url&, std::uint32_t) {});
        const auto first = hosts.begin(target);
        const auto second = hosts.begin(target);
        fetched busy{};
        busy.status = 429;
        hosts.end(target, first, busy);
        hosts.forget_if([](const std::string&) { return true; });
        CHECK(hosts.hosts() == 1);
        hosts.end(target, second, busy);
        hosts.forget_if([](const std::string&) { return true; });
        CHECK(hosts.hosts() == 0);
        REQUIRE(hosts.notes().size() == 1);
        CHECK(hosts.notes()[0] ==
              "http://a.example got 1 fetches at a time instead of 2, since it answered 429 or 503");
    }
}
