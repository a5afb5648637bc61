#include <crawl/cookie_jar.hpp>

#include <doctest/doctest.h>

#include <string>

namespace {

using namespace crawl;
using namespace std::chrono_literals;

const cookie_time now = std::chrono::system_clock::from_time_t(784'111'777);  // Sun, 06 Nov 1994 08:49:37 GMT

url at(const std::string& text) { return *parse_url(text); }

/// What is sent to `to` after `from` set these.
std::string sent(const std::string& from, std::initializer_list<std::string_view> set, const std::string& to,
                 std::chrono::seconds later = 0s) {
    cookie_jar jar;
    for (const std::string_view one : set) jar.take(at(from), one, now);
    return jar.for_request(at(to), now + later);
}

}  // namespace

TEST_SUITE("crawl/cookie_jar") {
    TEST_CASE("a cookie goes back to the host that set it, and to no other") {
        CHECK(sent("http://a.example/", {"id=1"}, "http://a.example/x?y") == "id=1");
        CHECK(sent("http://a.example/", {"id=1"}, "http://a.example:81/") == "id=1");
        CHECK(sent("http://a.example/", {"id=1"}, "http://b.example/").empty());
        CHECK(sent("http://a.example/", {"id=1"}, "http://x.a.example/").empty());
        CHECK(sent("http://a.example/", {"id=1"}, "http://nota.example/").empty());
    }

    TEST_CASE("one for a domain goes to all below it, if its host belongs there and nobody else does") {
        CHECK(sent("http://www.site.com/", {"id=1; Domain=.Site.com"}, "http://shop.site.com/") == "id=1");
        CHECK(sent("http://www.site.com/", {"id=1; Domain=site.com"}, "http://site.com/") == "id=1");
        CHECK(sent("http://www.site.com/", {"id=1; Domain=site.com"}, "http://notsite.com/").empty());
        CHECK(sent("http://www.site.com/", {"id=1; Domain=other.com"}, "http://other.com/").empty());
        CHECK(sent("http://www.site.com/", {"id=1; Domain=com"}, "http://www.site.com/").empty());
        CHECK(sent("http://shop.site.co.uk/", {"id=1; Domain=co.uk"}, "http://other.co.uk/").empty());
        CHECK(sent("http://10.1.2.3/", {"id=1; Domain=2.3"}, "http://10.1.2.3/").empty());
    }

    TEST_CASE("paths are whole segments, and that of the response is the default") {
        CHECK(sent("http://h/a/b", {"id=1"}, "http://h/a/c") == "id=1");
        CHECK(sent("http://h/a/b", {"id=1"}, "http://h/ab").empty());
        CHECK(sent("http://h/", {"id=1; Path=/x"}, "http://h/x") == "id=1");
        CHECK(sent("http://h/", {"id=1; Path=/x"}, "http://h/x/y") == "id=1");
        CHECK(sent("http://h/", {"id=1; Path=/x"}, "http://h/xy").empty());
        CHECK(sent("http://h/", {"a=1; Path=/", "b=2; Path=/x", "c=3; path=/"}, "http://h/x") == "b=2; a=1; c=3");
    }

    TEST_CASE("what is secure is neither sent nor set without TLS") {
        CHECK(sent("https://h/", {"id=1; Secure"}, "https://h/") == "id=1");
        CHECK(sent("https://h/", {"id=1; Secure"}, "http://h/").empty());
        CHECK(sent("http://h/", {"id=1; Secure"}, "https://h/").empty());
        CHECK(sent("https://h/", {"__Secure-id=1"}, "https://h/").empty());
        CHECK(sent("https://h/", {"__Host-id=1; Secure; Path=/"}, "https://h/") == "__Host-id=1");
        CHECK(sent("https://h/", {"__Host-id=1; Secure; Path=/; Domain=h"}, "https://h/").empty());
    }

    TEST_CASE("a cookie lives as long as its server says, by Max-Age before Expires") {
        CHECK(sent("http://h/", {"id=1; Max-Age=60"}, "http://h/", 59s) == "id=1");
        CHECK(sent("http://h/", {"id=1; Max-Age=60"}, "http://h/", 60s).empty());
        CHECK(sent("http://h/", {"id=1; Expires=Sun, 06 Nov 1994 08:50:37 GMT"}, "http://h/", 59s) == "id=1");
        CHECK(sent("http://h/", {"id=1; Expires=Sun, 06 Nov 1994 08:50:37 GMT"}, "http://h/", 60s).empty());
        CHECK(sent("http://h/", {"id=1; Max-Age=60; Expires=Sun, 06 Nov 1994 08:49:00 GMT"}, "http://h/") == "id=1");
        CHECK(sent("http://h/", {"id=1", "id=2; Max-Age=0"}, "http://h/").empty());
        CHECK(sent("http://h/", {"id=1; Max-Age=99999999999999999999"}, "http://h/", 24h) == "id=1");
        CHECK(sent("http://h/", {"id=1; Max-Age=soon; Expires=never"}, "http://h/", 24h) == "id=1");
    }

    TEST_CASE("dates beyond what a clock can hold are far away, and no cookie lives longer than 400 days") {
        for (const char* const never : {"Fri, 31 Dec 9999 23:59:59 GMT", "Thu, 01 Jan 2300 00:00:00 GMT"}) {
            const std::string set = std::string("id=1; Expires=") + never;
            CAPTURE(set);
            CHECK(sent("http://h/", {set}, "http://h/", 24h) == "id=1");
            CHECK(sent("http://h/", {set}, "http://h/", 24h * 400 - 1s) == "id=1");
            CHECK(sent("http://h/", {set}, "http://h/", 24h * 400).empty());
        }
        CHECK(sent("http://h/", {"id=1", "id=2; Expires=Mon, 01 Jan 1601 00:00:00 GMT"}, "http://h/").empty());
        CHECK(parse_cookie_date("Mon, 01 Jan 1601 00:00:00 GMT") == cookie_time::min());
        CHECK(parse_cookie_date("Fri, 31 Dec 9999 23:59:59 GMT") == cookie_time::max());
    }

    TEST_CASE("a cookie of a host below which anybody can have one stays with that host") {
        CHECK(sent("http://github.io/", {"id=1; Domain=github.io"}, "http://github.io/") == "id=1");
        CHECK(sent("http://github.io/", {"id=1; Domain=github.io"}, "http://somebody.github.io/").empty());
    }

    TEST_CASE("a later cookie of the same name takes the place of the earlier") {
        CHECK(sent("http://h/", {"a=1", "b=2", "a=3"}, "http://h/") == "a=3; b=2");
    }

    TEST_CASE("what is no cookie is ignored") {
        for (const std::string_view bad : {"", "id", "=1", " ; a=1", "id=\x01"}) {
            CAPTURE(bad);
            CHECK(sent("http://h/", {bad}, "http://h/").empty());
        }
        CHECK(sent("http://h/", {"id=" + std::string(5000, 'x')}, "http://h/").empty());
        CHECK(sent("http://h/", {" id = a=b ;; HttpOnly; x"}, "http://h/") == "id=a=b");
    }

    TEST_CASE("a site cannot fill the memory") {
        cookie_jar jar;
        for (int i = 0; i < 10'000; ++i) {
            jar.take(at("http://h" + std::to_string(i / 100) + ".example/"), "c" + std::to_string(i) + "=1", now);
        }
        CHECK(jar.size() <= 3000);
        CHECK(jar.for_request(at("http://h99.example/"), now).starts_with("c9950=1; c9951=1"));
    }

    TEST_CASE("dates are read as servers write them") {
        for (const char* const text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                                       "Sun Nov  6 08:49:37 1994", "6-nov-1994 8:49:37", "08:49:37 1994 november 06"}) {
            CAPTURE(text);
            CHECK(parse_cookie_date(text) == now);
        }
        for (const char* const text : {"", "06 Nov 1994", "32 Nov 1994 08:49:37", "06 Nov 1994 24:00:00",
                                       "6 Foo 1994 1:2:3", "06 Nov 1500 08:49:37"}) {
            CAPTURE(text);
            CHECK_FALSE(parse_cookie_date(text));
        }
    }
}
