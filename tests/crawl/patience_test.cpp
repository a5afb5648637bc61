#include <doctest/doctest.h>

#include <crawl/patience.hpp>

#include <braid/core/task_group.hpp>

#include <string>

#include "support/patient_fetching.hpp"
#include "support/test_server.hpp"

using namespace crawl;
using namespace crawl::testing;
using namespace std::chrono_literals;

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

    TEST_CASE("every status of what may pass is tried again, until the page is there") {
        for (const int status : {408, 429, 500, 502, 503, 504}) {
            CAPTURE(status);
            int asked = 0;
            const test_server::answer site = [&](std::string_view) -> reply {
                return {response(++asked < 3 ? status : 200, "", "")};
            };
            with_fetching(site, hasty, [](fetching& by, test_server& server) -> braid::task<> {
                const fetch_result result = co_await by.patient.fetch(*parse_url(server.url("/")));
                REQUIRE(std::holds_alternative<fetched>(result));
                CHECK(std::get<fetched>(result).status == 200);
            });
            CHECK(asked == 3);
        }
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
        for (const reply& answer : {reply{response(404, "", "")}, reply{response(403, "", "")},
                                    reply{response(501, "", "")}, reply{"nonsense\r\n\r\n", then::close}}) {
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
