#include <doctest/doctest.h>

#include <crawl/patience.hpp>
#include <crawl/robots.hpp>

#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>
#include <braid/core/this_executor.hpp>

#include <functional>
#include <string>
#include <vector>

#include "support/fetching.hpp"
#include "support/test_server.hpp"

using namespace crawl;
using namespace crawl::testing;
using namespace std::chrono_literals;

namespace {

// A clock that moves when somebody waits for it, and counts the time that was asked for.
braid::time_point present;
std::chrono::milliseconds waited;

braid::task<> pass_the_time(braid::time_point then) {
    waited += std::chrono::ceil<std::chrono::milliseconds>(then - present);
    present = then;
    co_return;
}

constexpr pace_clock time_of_the_test{.now = [] { return present; }, .sleep_until = pass_the_time};

/// Fetching as the crawler does it.
struct fetching {
    fetcher plain;
    pacer pace{0ms, time_of_the_test};
    patient_fetcher patient;
    std::vector<std::string> told;
    std::vector<std::string> sitemaps;
    robots rules;

    fetching(boost::asio::any_io_executor executor, patience_options how)
        : plain(std::move(executor), local()),
          patient(how, plain, pace, nullptr, [this](std::string note) { told.push_back(std::move(note)); }),
          rules(
              {}, patient, pace, [this](std::string note) { told.push_back(std::move(note)); },
              [this](const url& sitemap) { sitemaps.emplace_back(sitemap.target()); }) {}
};

/// Runs `work` with a server that answers so.
void with_fetching(const test_server::answer& site, patience_options how,
                   std::function<braid::task<>(fetching&, test_server&)> work) {
    braid::run_blocking(with_server(site, [&](test_server& server) -> braid::task<> {
        fetching by(co_await braid::this_executor(), how);
        waited = 0ms;
        co_await work(by, server);
    }));
}

constexpr patience_options hasty{.attempts = 3, .first_delay = 1ms, .longest_wait = 60s};

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

TEST_SUITE("crawl/patience") {
    TEST_CASE("what fails in passing is tried again, until it is there") {
        int asked = 0;
        const test_server::answer site = [&asked](std::string_view) -> reply {
            ++asked;
            if (asked == 1) return {"", then::close};
            if (asked == 2) return {response(503, "", "busy")};
            return {response(200, "", "here")};
        };
        with_fetching(site, hasty, [](fetching& by, test_server& server) -> braid::task<> {
            const fetch_result result = co_await by.patient.fetch(*parse_url(server.url("/")));
            REQUIRE(std::holds_alternative<fetched>(result));
            CHECK(std::get<fetched>(result).body == "here");
        });
        CHECK(asked == 3);
    }

    TEST_CASE("what a proxy before the server says of it may pass, too") {
        int asked = 0;
        const test_server::answer site = [&asked](std::string_view) -> reply {
            return {response(++asked == 1 ? 522 : 200, "", "")};
        };
        with_fetching(site, hasty, [](fetching& by, test_server& server) -> braid::task<> {
            const fetch_result result = co_await by.patient.fetch(*parse_url(server.url("/")));
            CHECK(std::get<fetched>(result).status == 200);
        });
        CHECK(asked == 2);
    }

    TEST_CASE("once stopped nobody waits for a turn, whoever waits already goes, and what need not wait is fetched") {
        const test_server::answer site = [](std::string_view) { return reply{response(200, "", "")}; };
        with_fetching(site, hasty, [](fetching& by, test_server& server) -> braid::task<> {
            const url target = *parse_url(server.url("/"));
            by.pace.stop();
            const fetch_result at_once = co_await by.patient.fetch(target);
            CHECK(std::holds_alternative<fetched>(at_once));
            by.pace.pause(target, 5s);
            const fetch_result late = co_await by.patient.fetch(target);
            REQUIRE(std::holds_alternative<fetch_failure>(late));
            CHECK(std::get<fetch_failure>(late).how == outcome::cancelled);
            CHECK(waited == 0s);
            CHECK(server.requests() == 1);

            pacer endless(0ms, {.now = [] { return present; },
                                .sleep_until = [](braid::time_point) -> braid::task<> {
                                    co_await braid::sleep_until(braid::time_point::max());
                                }});
            endless.pause(target, 5s);
            bool its_turn = true;
            co_await braid::with_task_group([&](braid::task_group& group) -> braid::task<> {
                group.start([&]() -> braid::task<> { its_turn = co_await endless.turn(target); });
                while (endless.waiting_sites() == 0) co_await braid::checkpoint();
                endless.stop();
            });
            CHECK_FALSE(its_turn);
        });
    }

    TEST_CASE("after the last attempt its answer stands") {
        int asked = 0;
        const test_server::answer busy = [&asked](std::string_view) -> reply {
            ++asked;
            return {response(503, "", "busy")};
        };
        with_fetching(busy, hasty, [](fetching& by, test_server& server) -> braid::task<> {
            const fetch_result result = co_await by.patient.fetch(*parse_url(server.url("/")));
            CHECK(std::get<fetched>(result).status == 503);
        });
        CHECK(asked == 3);
    }

    TEST_CASE("what is not there, or refused for good, is asked for once") {
        for (const reply& answer :
             {reply{response(404, "", "")}, reply{response(501, "", "")}, reply{"nonsense\r\n\r\n", then::close}}) {
            int asked = 0;
            const test_server::answer site = [&](std::string_view) {
                ++asked;
                return answer;
            };
            with_fetching(site, hasty, [](fetching& by, test_server& server) -> braid::task<> {
                const fetch_result result = co_await by.patient.fetch(*parse_url(server.url("/")));
                CHECK(std::holds_alternative<fetched>(result) != std::holds_alternative<fetch_failure>(result));
            });
            CHECK(asked == 1);
        }
    }

    TEST_CASE("a Retry-After is waited for by all of the site, and one that is too long is cut and its answer stands") {
        int asked = 0;
        const test_server::answer site = [&](std::string_view) -> reply {
            ++asked;
            if (asked == 1) return {response(429, "Retry-After: 60\r\n", "")};
            return {response(asked == 2 ? 200 : 429, "Retry-After: 61\r\n", "")};
        };
        with_fetching(site, hasty, [](fetching& by, test_server& server) -> braid::task<> {
            const url target = *parse_url(server.url("/"));
            const fetch_result patient = co_await by.patient.fetch(target);
            CHECK(std::get<fetched>(patient).status == 200);
            CHECK(waited == 60s);
            const fetch_result given_up = co_await by.patient.fetch(*parse_url(server.url("/other")));
            CHECK(std::get<fetched>(given_up).status == 429);
            CHECK(waited == 60s);
            const fetch_result later = co_await by.patient.fetch(*parse_url(server.url("/third")));
            CHECK(std::get<fetched>(later).status == 429);
            CHECK(waited == 120s);
            REQUIRE(by.told.size() == 1);
            CHECK(by.told[0] == target.origin() + " asks for a pause of 61 s by Retry-After, and gets 60 s");
        });
        CHECK(asked == 4);
    }

    TEST_CASE("a pause that one page brings holds for the others of its site, and for no other site") {
        const test_server::answer none = [](std::string_view) { return reply{response(404, "", "")}; };
        with_fetching(none, hasty, [](fetching& by, test_server& server) -> braid::task<> {
            by.pace.pause(*parse_url(server.url("/a")), 5s);
            co_await by.pace.turn(*parse_url("http://elsewhere.example/"));
            CHECK(waited == 0s);
            co_await by.pace.turn(*parse_url(server.url("/b")));
            CHECK(waited == 5s);
        });
    }

    TEST_CASE("a Retry-After is a number of seconds or a date") {
        const auto now = std::chrono::system_clock::from_time_t(784'111'777);  // Sun, 06 Nov 1994 08:49:37 GMT
        CHECK(parse_retry_after("120", now) == 120s);
        CHECK(parse_retry_after("Sun, 06 Nov 1994 08:50:37 GMT", now) == 60s);
        CHECK(parse_retry_after("Sun, 06 Nov 1994 08:49:30 GMT", now) == 0s);
        CHECK(parse_retry_after("Mon, 01 Jan 1601 00:00:00 GMT", now) == 0s);
        CHECK(parse_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", now).value() > 24h * 365 * 200);
        CHECK(parse_retry_after("99999999999", now).value() > 24h);
        CHECK_FALSE(parse_retry_after("", now));
        CHECK_FALSE(parse_retry_after("-1", now));
        CHECK_FALSE(parse_retry_after("soon", now));
    }
}

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
