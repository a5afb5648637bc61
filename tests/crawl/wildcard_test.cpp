#include <crawl/wildcard.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <string>

using crawl::matches;

TEST_SUITE("crawl/wildcard") {
    TEST_CASE("a star stands for anything, and all of the text has to match") {
        CHECK(matches("http://h/blog/1", "*/blog/*"));
        CHECK(matches("http://h/blog/", "*/blog/*"));
        CHECK(matches("aXbXc", "a*b*c"));
        CHECK(matches("ababc", "*abc"));
        CHECK(matches("", "*"));
        CHECK_FALSE(matches("http://h/blog", "*/blog/*"));
        CHECK_FALSE(matches("http://h/x", "h/x"));
        CHECK_FALSE(matches("abcd", "*abc"));
        CHECK_FALSE(matches("a", ""));
    }

    TEST_CASE("where the beginning is enough the text may go on") {
        std::size_t enough = 1000;
        CHECK(matches("/a/b/c", "/a/*/", false, enough));
        CHECK(matches("/a", "/a", false, enough));
        CHECK(matches("/a", "", false, enough));
        CHECK_FALSE(matches("/a/b/c", "/a/*/", true, enough));
        CHECK_FALSE(matches("/a", "/a/", false, enough));
        CHECK_FALSE(matches("/a/b", "*c", false, enough));
    }

    TEST_CASE("what would take more steps than there are is false, and leaves none") {
        const std::string text = std::string(100, 'a') + "b";
        std::size_t too_few = 100;
        CHECK_FALSE(matches(text, "*aaaaaaaaab", true, too_few));
        CHECK(too_few == 0);
        std::size_t enough = 2000;
        CHECK(matches(text, "*aaaaaaaaab", true, enough));
        CHECK(enough > 0);
    }
}
