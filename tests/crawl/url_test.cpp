#include <crawl/url.hpp>

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "corpus.hpp"

namespace {

struct url_case {
    std::optional<std::string> base;
    std::string href;
    std::string expected;
};

std::optional<std::string> text_of(const boost::json::value& value) {
    if (value.is_null()) return std::nullopt;
    return std::string(value.as_string());
}

std::vector<url_case> read_cases() {
    std::vector<url_case> cases;
    std::ifstream in(data_file("url_cases.tsv"));
    for (std::string line; std::getline(in, line);) {
        const auto first = line.find('\t');
        const auto second = line.find('\t', first + 1);
        cases.push_back({text_of(boost::json::parse(line.substr(0, first))),
                         text_of(boost::json::parse(line.substr(first + 1, second - first - 1))).value(),
                         line.substr(second + 1)});
    }
    return cases;
}

std::string outcome_of(const url_case& c) {
    const auto result = c.base ? crawl::resolve(*crawl::parse_url(*c.base), c.href) : crawl::parse_url(c.href);
    if (result) return std::string(result->text());
    if (result.error().why == crawl::url_error::fault::malformed) return "!malformed";
    return "!scheme " + result.error().message.substr(0, result.error().message.find(':'));
}

}  // namespace

TEST_SUITE("crawl/url") {
    TEST_CASE("every reference resolves to what a browser makes of it") {
        const auto cases = read_cases();
        CHECK(cases.size() >= 80);
        for (const url_case& c : cases) {
            CAPTURE(c.base.value_or("none"));
            CAPTURE(c.href);
            CHECK(outcome_of(c) == c.expected);
        }
    }

    TEST_CASE("a canonical URL resolves to itself") {
        for (const url_case& c : read_cases()) {
            if (c.expected.starts_with('!')) continue;
            CHECK(crawl::parse_url(c.expected)->text() == c.expected);
        }
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

    TEST_CASE("an error names the URL and what is wrong with it") {
        const auto base = *crawl::parse_url("http://host/");
        CHECK(crawl::resolve(base, "http://host:99999/").error().message ==
              "\"http://host:99999/\" is not a URL: the port is not a number from 0 to 65535");
        CHECK(crawl::resolve(base,
                             "http://b\xC3\xBC"
                             "cher/")
                  .error()
                  .message ==
              "\"http://b\xC3\xBC"
              "cher/\" is not a URL: the host is not ASCII, and international names are not supported");
        CHECK(crawl::parse_url("relative").error().message ==
              "\"relative\" is not a URL: it has no scheme, such as http://");
        CHECK(crawl::resolve(base, "MAILTO:x").error().message == "mailto: is not a scheme that can be fetched");
    }
}
