#include <crawl/traps.hpp>

#include <doctest/doctest.h>

#include <string>

using crawl::traps;

TEST_SUITE("crawl/traps") {
    TEST_CASE("an ordinary URL raises no suspicion") {
        const traps t({});
        for (const char* url : {"http://h/", "http://h/a/b/c.html?x=1", "https://h:81/2024/01/01/01/x"}) {
            CAPTURE(url);
            CHECK(t.suspicion(url).empty());
        }
    }

    TEST_CASE("what is too long, too deep or goes in circles is suspected, with its reason") {
        const traps t({.length = 100, .segments = 6, .same_segment = 2});
        CHECK(t.suspicion("http://h/" + std::string(100, 'x')) == "its URL has 109 characters");
        CHECK(t.suspicion("http://h/1/2/3/4/5/6/7") == "its path has 7 segments");
        CHECK(t.suspicion("http://h/a/b/a/b/a") == "its path has \"a\" more than 2 times");
        CHECK(t.suspicion("http://h/a/b/a/b/c").empty());
    }

    TEST_CASE("a query of too many parameters, or of the same one over and over, is suspected") {
        const traps t({.same_segment = 2, .parameters = 4});
        CHECK(t.suspicion("http://h/?a&b&c&d&e") == "its query has 5 parameters");
        CHECK(t.suspicion("http://h/?a=1&b=1&a=1&a=1") == "its query has \"a=1\" more than 2 times");
        CHECK(t.suspicion("http://h/?a=1&a=2&a=3&a=4").empty());
    }

    TEST_CASE("the year of a date is found, and that of a number is not") {
        const auto latest = [](const char* url) { return crawl::years_in(url).value().latest; };
        CHECK(latest("http://h/2024/05/") == 2024);
        CHECK(latest("http://h/x?day=2031-12-01") == 2031);
        CHECK(latest("http://h/2024/05/to/2025-6") == 2025);
        CHECK(latest("http://h/?year=2077&m=1") == 2077);
        CHECK(crawl::years_in("http://h/2024/05/to/1999-6").value().earliest == 1999);
        for (const char* url : {"http://h/2099", "http://h/2099/13/", "http://h/2099/", "http://h/12099/05/",
                                "http://h/2099-x", "http://2099.05.example/", "http://h/20991231", "http://h"}) {
            CAPTURE(url);
            CHECK_FALSE(crawl::years_in(url));
        }
    }

    TEST_CASE("a calendar begins some years back, and what is much older is no date") {
        const traps t({.years_back = 50}, 2026);
        CHECK(t.suspicion("http://h/1976/01/01/").empty());
        CHECK(t.suspicion("http://h/1975/12/31/") == "it is of the year 1975, more than 50 years ago");
        CHECK(t.suspicion("http://h/1975/12/to/2026/01/") == "it is of the year 1975, more than 50 years ago");
        CHECK(t.suspicion("http://h/topics/1500/2").empty());
    }

    TEST_CASE("a calendar ends some years ahead") {
        const traps t({.years_ahead = 10}, 2026);
        CHECK(t.suspicion("http://h/calendar/2036/12").empty());
        CHECK(t.suspicion("http://h/calendar/2037/01") == "it is of the year 2037, more than 10 years from now");
        CHECK(t.suspicion("http://h/archive/1492/10/12").empty());
    }

    TEST_CASE("only so many pages of a host may have the same content") {
        traps t({.copies = 2});
        CHECK_FALSE(t.is_copy("http://h/1", 7));
        CHECK_FALSE(t.is_copy("http://h/2", 7));
        CHECK(t.is_copy("http://h/3", 7));
        CHECK_FALSE(t.is_copy("http://h/4", 8));
        CHECK_FALSE(t.is_copy("http://other/1", 7));
    }

    TEST_CASE("only so many URLs may differ in their query alone") {
        traps t({.queries_of_path = 2});
        t.count("http://h/calendar?1");
        t.count("http://h/calendar?2");
        CHECK(t.suspicion("http://h/calendar?3") == "more than 2 URLs differ in their query alone");
        CHECK(t.suspicion("http://h/calendar").empty());
        CHECK(t.suspicion("http://h/other?3").empty());
    }

    TEST_CASE("a host has a budget, a port is another host") {
        traps t({.urls_of_host = 1});
        t.count("http://h/1");
        CHECK(t.suspicion("http://h/2") == "its host has more than 1 URLs");
        CHECK(t.suspicion("http://h:81/2").empty());
    }
}
