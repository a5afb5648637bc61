#include <doctest/doctest.h>

#include <crawl/robots.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <vector>

#include "support/patient_fetching.hpp"
#include "support/test_server.hpp"

using namespace crawl;
using namespace crawl::testing;
using namespace std::chrono_literals;

namespace {

/// Why the target may not be fetched; empty if it may.
std::string refusal_of(const test_server::answer& site, const std::string& target) {
    std::string message;
    with_fetching(site, hasty, [&](fetching& by, test_server& server) -> braid::task<> {
        const auto refusal = co_await by.rules.refusal(*parse_url(server.url(target)));
        if (refusal) message = std::string(to_string(refusal->how)) + ": " + refusal->message;
    });
    return message;
}

test_server::answer with_robots(const reply& robots) {
    return
        [robots](std::string_view target) { return target == "/robots.txt" ? robots : reply{response(200, "", "")}; };
}

}  // namespace

TEST_SUITE("crawl/robots") {
    TEST_CASE("the rules of a site are fetched once and hold for each of its URLs") {
        const test_server::answer site = with_robots({response(200, "", "User-agent: *\nDisallow: /no\n")});
        with_fetching(site, hasty, [](fetching& by, test_server& server) -> braid::task<> {
            const auto no = co_await by.rules.refusal(*parse_url(server.url("/no/1")));
            REQUIRE(no);
            CHECK(no->how == outcome::disallowed);
            const auto yes = co_await by.rules.refusal(*parse_url(server.url("/yes")));
            CHECK_FALSE(yes);
            CHECK(server.requests() == 1);
        });
    }

    TEST_CASE("the rules of a site are read again when they are a day old, and not before") {
        std::string rules = "User-agent: *\nDisallow: /a\nSitemap: /s.xml\n";
        int asked = 0;
        const test_server::answer site = [&](std::string_view target) -> reply {
            if (target == "/robots.txt") ++asked;
            return {response(200, "", rules)};
        };
        with_fetching(site, hasty, [&](fetching& by, test_server& server) -> braid::task<> {
            const url a = *parse_url(server.url("/a"));
            const url b = *parse_url(server.url("/b"));
            const auto at_first = co_await by.rules.refusal(a);
            CHECK(at_first);
            rules = "User-agent: *\nDisallow: /b\n";
            present += 24h - 1s;
            const auto a_day_later = co_await by.rules.refusal(a);
            CHECK(a_day_later);
            CHECK(asked == 1);
            present += 1s;
            const auto no_more = co_await by.rules.refusal(a);
            const auto now_this = co_await by.rules.refusal(b);
            CHECK_FALSE(no_more);
            CHECK(now_this);
            CHECK(asked == 2);
        });
    }

    TEST_CASE("a site whose rules could not be had is closed for five minutes, then asked again") {
        bool fails = true;
        const test_server::answer site = [&](std::string_view) -> reply {
            return fails ? reply{response(503, "", "")} : reply{response(404, "", "")};
        };
        with_fetching(site, {.attempts = 1}, [&](fetching& by, test_server& server) -> braid::task<> {
            const url target = *parse_url(server.url("/"));
            const auto closed = co_await by.rules.refusal(target);
            CHECK(closed);
            fails = false;
            present += 5min - 1s;
            const auto still_closed = co_await by.rules.refusal(target);
            CHECK(still_closed);
            CHECK(server.requests() == 1);
            present += 1s;
            const auto open = co_await by.rules.refusal(target);
            CHECK_FALSE(open);
            CHECK(server.requests() == 2);
        });
    }

    TEST_CASE("the sitemaps that it names are told, once") {
        const test_server::answer site = with_robots(
            {response(200, "", "Sitemap: /a.xml\nUser-agent: *\nDisallow:\nSitemap: b.xml\nSitemap: x:y\n")});
        with_fetching(site, hasty, [](fetching& by, test_server& server) -> braid::task<> {
            for (const char* const target : {"/1", "/2"}) {
                const auto refusal = co_await by.rules.refusal(*parse_url(server.url(target)));
                CHECK_FALSE(refusal);
            }
            const std::vector<std::string> expected{"/a.xml", "/b.xml"};
            CHECK(by.sitemaps == expected);
        });
    }

    TEST_CASE("no robots.txt allows everything, one that fails nothing") {
        CHECK(refusal_of(with_robots({response(404, "", "")}), "/x").empty());
        CHECK(refusal_of(with_robots({response(403, "", "")}), "/x").empty());
        CHECK(refusal_of(with_robots({response(500, "", "")}), "/x") ==
              "disallowed: robots.txt of its site is not available: status 500");
        CHECK(refusal_of(with_robots({"", then::close}), "/x") ==
              "network error: the server closed the connection without a response");
    }

    TEST_CASE("redirects of a robots.txt are followed, but not for ever") {
        const test_server::answer site = [](std::string_view target) -> reply {
            if (target == "/robots.txt") return {response(301, "Location: /moved\r\n", "")};
            if (target == "/moved") return {response(200, "", "User-agent: *\nDisallow: /\n")};
            return {response(404, "", "")};
        };
        CHECK(refusal_of(site, "/x") == "disallowed: robots.txt of its site disallows it");
        const test_server::answer circle = [](std::string_view) {
            return reply{response(302, "Location: /robots.txt\r\n", "")};
        };
        CHECK(refusal_of(circle, "/x").empty());
    }

    TEST_CASE("of a robots.txt that is too large its first 500 KiB count") {
        std::string large = "User-agent: *\nDisallow: /early\n";
        large.resize(500 * 1024, '#');
        large += "\nDisallow: /late\n";
        const test_server::answer site = with_robots({response(200, "", large)});
        CHECK_FALSE(refusal_of(site, "/early").empty());
        CHECK(refusal_of(site, "/late").empty());
        const test_server::answer zipped = with_robots({response(200, "Content-Encoding: gzip\r\n", gzip(large))});
        CHECK_FALSE(refusal_of(zipped, "/early").empty());
        CHECK(refusal_of(zipped, "/late").empty());
    }

    TEST_CASE("of rules that take too much memory those are forgotten that were not asked for the longest time") {
        std::string rules = "User-agent: *\n";
        for (int i = 0; i < 1'000; ++i) rules += fmt::format("Disallow: /no/{:0100}\n", i);
        const test_server::answer site = with_robots({response(200, "", rules)});
        with_fetching(site, hasty, [&](fetching& by, test_server& first) -> braid::task<> {
            const auto with_two_more = [&](test_server& second) -> braid::task<> {
                const auto with_one_more = [&](test_server& third) -> braid::task<> {
                    const std::size_t each = robots_rules(rules, "braid-crawl").memory();
                    robots some(
                        {.most_memory = 5 * each / 2}, by.patient, by.pace, [](const std::string&) {},
                        [](const url&) {}, time_of_the_test);
                    const auto ask = [&some](test_server& of) -> braid::task<> {
                        const auto no = co_await some.refusal(*parse_url(of.url(fmt::format("/no/{:0100}", 7))));
                        CHECK(no);
                    };
                    co_await ask(first);
                    co_await ask(second);
                    co_await ask(first);
                    CHECK(some.sites() == 2);
                    co_await ask(third);
                    CHECK(some.sites() == 1);  // down to three quarters
                    co_await ask(third);
                    CHECK(third.requests() == 1);
                    co_await ask(first);
                    co_await ask(third);
                    CHECK(some.sites() == 2);
                    CHECK(first.requests() == 2);
                    CHECK(second.requests() == 1);
                    CHECK(third.requests() == 1);
                };
                co_await with_server(site, with_one_more);
            };
            co_await with_server(site, with_two_more);
        });
    }

    TEST_CASE("a Crawl-delay is kept, and told where it is cut") {
        const test_server::answer site = with_robots({response(200, "", "User-agent: *\nCrawl-delay: 3600\n")});
        with_fetching(site, hasty, [](fetching& by, test_server& server) -> braid::task<> {
            const url target = *parse_url(server.url("/"));
            const auto refusal = co_await by.rules.refusal(target);
            CHECK_FALSE(refusal);
            CHECK(by.pace.is_slow(target));
            const std::string expected = target.origin() + " asks for 3600 s between fetches, and gets 30 s";
            REQUIRE(by.told.size() == 1);
            CHECK(by.told[0] == expected);
        });
    }
}
