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
