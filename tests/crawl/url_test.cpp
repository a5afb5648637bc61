#include <crawl/url.hpp>

#include <doctest/doctest.h>

#include <string>

#include "test_files.hpp"
#include "url_cases.hpp"

namespace {

void check_all(const std::string& file, int at_least) {
    int cases = 0;
    each_url_case(data_file(file), [&](const url_case& c) {
        ++cases;
        CAPTURE(c.base.value_or("none"));
        CAPTURE(c.href);
        CHECK(outcome_of(c) == c.expected);
    });
    CHECK(cases >= at_least);
}

}  // namespace

TEST_SUITE("crawl/url") {
    TEST_CASE("every nasty reference resolves to what a browser makes of it") { check_all("url_cases.tsv", 4000); }

    TEST_CASE("every reference of real pages resolves to what a browser makes of it") {
        check_all("url_pairs.tsv", 2000);
    }

    TEST_CASE("hosts that UTS #46 refuses are no hosts, though Node takes them") {
        for (const char* host : {"xn--a-", "aא", "0א"}) {  // nothing in Punycode, and directions that mix
            CAPTURE(host);
            CHECK_FALSE(crawl::parse_url(std::string("http://") + host).has_value());
        }
    }

    TEST_CASE("a canonical URL resolves to itself") {
        each_url_case(data_file("url_cases.tsv"), [](const url_case& c) {
            if (c.expected.starts_with('!')) return;
            CAPTURE(c.expected);
            CHECK(outcome_of({std::nullopt, c.expected, {}}) == c.expected);
        });
    }

    TEST_CASE("the parts of a URL are those a request needs") {
        const auto plain = *crawl::parse_url("http://Host/a b?c#d");
        CHECK(plain.scheme() == "http");
        CHECK(plain.host() == "host");
        CHECK(plain.port() == 80);
        CHECK(plain.authority() == "host");
        CHECK(plain.target() == "/a%20b?c");
        CHECK(plain.origin() == "http://host");

        const auto six = *crawl::parse_url("https://u:p@[::1]:8443");
        CHECK(six.host() == "[::1]");
        CHECK(six.address() == "::1");
        CHECK(six.port() == 8443);
        CHECK(six.authority() == "[::1]:8443");
        CHECK(six.target() == "/");
        CHECK(six.origin() == "https://[::1]:8443");
        CHECK(crawl::parse_url("https://host")->port() == 443);
    }

    TEST_CASE("a name and a password are no part of a URL, and can be had of the one that was given") {
        CHECK(crawl::parse_url("http://me:pass@h/x")->text() == "http://h/x");
        CHECK(crawl::resolve(*crawl::parse_url("http://h/"), "//a@b/")->text() == "http://b/");
        CHECK(crawl::userinfo_of("http://me:p%40ss:1@h/x@y") == "me:p@ss:1");
        CHECK(crawl::userinfo_of(" https:\\\\me@h") == "me:");
        for (const char* none : {"", "http://h/@", "http://@h/", "http://:@h/", "http://h?a@b", "h"}) {
            CAPTURE(none);
            CHECK(crawl::userinfo_of(none).empty());
        }
        CHECK(crawl::parse_url("http://me:pass@h:99999/").error().message.find("pass") == std::string::npos);
    }

    TEST_CASE("an error names the URL and what is wrong with it") {
        const auto base = *crawl::parse_url("http://host/");
        CHECK(crawl::resolve(base, "http://host:99999/").error().message ==
              "\"http://host:99999/\" is not a URL: the port is not a number from 0 to 65535");
        CHECK(crawl::resolve(base, "http://xn--a/").error().message ==
              "\"http://xn--a/\" is not a URL: the host is not a valid international name");
        CHECK(crawl::parse_url("relative").error().message ==
              "\"relative\" is not a URL: it has no scheme, such as http://");
        CHECK(crawl::resolve(base, "MAILTO:x").error().message == "mailto: is not a scheme that can be fetched");
    }
}
