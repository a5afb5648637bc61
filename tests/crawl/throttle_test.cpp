#include <doctest/doctest.h>

#include <crawl/throttle.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "support/crawling.hpp"
#include "support/fetching.hpp"
#include "support/test_server.hpp"

using namespace crawl;
using namespace crawl::testing;
using namespace std::chrono_literals;

namespace {

using limits = std::vector<std::pair<std::string, std::uint32_t>>;

fetch_result answered(int status, std::chrono::microseconds first_byte = 1ms) {
    fetched response{};
    response.status = status;
    response.first_byte = first_byte;
    return response;
}

/// A throttle that writes down what it tells.
struct watched_throttle {
    limits told{};
    throttle by;

    explicit watched_throttle(std::uint32_t most)
        : by(most, [this](const url& host, std::uint32_t limit) { told.emplace_back(host.origin(), limit); }) {}

    /// So many fetches at a time that end like this.
    void fetch(const std::string& target, int at_once, const fetch_result& end) {
        std::vector<host_pace::age> begun;
        for (int i = 0; i < at_once; ++i) begun.push_back(by.begin(parsed(target)));
        for (const host_pace::age age : begun) by.end(parsed(target), age, end);
    }
};

/// A front page and the pages that it links to.
std::string many_links(int pages) {
    std::string html = "<!DOCTYPE html><title>All</title>";
    for (int i = 0; i < pages; ++i) html += fmt::format("<a href=\"/{}\">link</a>", i);
    return response(200, "Content-Type: text/html\r\n", html);
}

/// A server of many pages that does not cope with many requests at a time, and counts.
struct frail_site {
    int pages;
    int most;                        // beyond it is answered by 503
    std::chrono::milliseconds each;  // for each request that is there
    int refused = 0;
    std::vector<int> at_once{};

    reply operator()(const request& asked) {
        at_once.push_back(asked.at_once);
        if (asked.at_once > most) {
            ++refused;
            return {response(503, "", "too many")};
        }
        reply given{asked == "/" ? many_links(pages) : page({})};
        given.delay = asked.at_once * each;
        return given;
    }
};

/// Crawls it, and checks that all of it was found.
summary crawl_all_of(frail_site& site, bool throttled) {
    summary result;
    const auto adjust = [throttled](options& o) {
        o.workers = 0;
        o.retries = 100;
        o.throttle = throttled;
    };
    const test_server::answer answer = [&site](const request& asked) { return site(asked); };
    crawl_and_check(answer, adjust, parse_page, [&](const auto& pages, const summary& told) {
        CHECK(pages.size() == static_cast<std::size_t>(site.pages) + 1);
        CHECK(std::all_of(pages.begin(), pages.end(), [](const auto& row) { return row.second.status == 200; }));
        result = told;
    });
    return result;
}

}  // namespace

TEST_SUITE("crawl/throttle") {
    TEST_CASE("hosts have their own limits, and only what changes is told") {
        watched_throttle t(6);
        CHECK(throttle::first_limit(6) == 4);
        t.fetch("http://a/1", 4, answered(200));
        t.fetch("http://b:81/1", 3, answered(200));
        CHECK(t.told == limits{{"http://a", 6}});
        t.fetch("http://b:81/2", 6, answered(429));
        CHECK(t.told == limits{{"http://a", 6}, {"http://b:81", 2}});
        t.fetch("http://a/2", 6, answered(503));
        CHECK(t.told.back() == std::pair<std::string, std::uint32_t>{"http://a", 3});
    }

    TEST_CASE("errors of the server, and of the network, are no sign that it copes") {
        watched_throttle t(32);
        for (const fetch_result& end : {answered(500), answered(502), answered(504),
                                        fetch_result(fetch_failure{outcome::network_error, "reset"})}) {
            t.fetch("http://a/", 4, end);
        }
        CHECK(t.told.empty());
        t.fetch("http://a/", 4, answered(404));
        CHECK(t.told == limits{{"http://a", 8}});
        t.fetch("http://a/", 8, fetch_failure{outcome::timed_out, "late"});
        CHECK(t.told.back().second == 4);
    }

    TEST_CASE("each host that got fewer is told of with the reason, up to ten of them") {
        watched_throttle t(32);
        CHECK(t.by.notes().empty());
        t.fetch("http://a/", 4, answered(503));
        CHECK(t.by.notes() ==
              std::vector<std::string>{"http://a got 2 fetches at a time instead of 4, since it answered 429 or 503"});
        for (int i = 0; i < 11; ++i) t.fetch(fmt::format("http://b{}/", i), 4, answered(429));
        CHECK(t.by.notes().size() == 11);
        CHECK(t.by.notes().back() == "2 further hosts got fewer fetches at a time, too");
    }

    TEST_CASE("a host that grew slow is told of with both times") {
        watched_throttle t(4);
        t.fetch("http://a/", 4, answered(200, 100ms));
        for (int i = 0; i < 2; ++i) t.fetch("http://a/", 4, answered(200, 400ms));
        for (int i = 0; i < 8; ++i) t.fetch("http://a/", 2, answered(200, 200ms));
        CHECK(t.by.notes() ==
              std::vector<std::string>{
                  "http://a got 2 fetches at a time instead of 4, since it answered after 400 ms instead of 100 ms"});
    }

    TEST_CASE("a site that refuses what is more than a few at a time is crawled whole, and refuses little") {
        frail_site site{.pages = 200, .most = 3, .each = 1ms};
        const summary told = crawl_all_of(site, true);
        REQUIRE(told.notes.size() == 1);
        CHECK_MESSAGE(told.notes[0].ends_with("since it answered 429 or 503"), told.notes[0]);
        frail_site hurried{.pages = 200, .most = 3, .each = 1ms};
        CHECK(crawl_all_of(hurried, false).notes.empty());
        CHECK(site.refused * 4 < hurried.refused);
    }

    TEST_CASE("a site that takes longer the more it is asked is asked less at a time") {
        frail_site site{.pages = 100, .most = 1000, .each = 20ms};
        const summary told = crawl_all_of(site, true);
        REQUIRE(told.notes.size() == 1);
        CHECK_MESSAGE(told.notes[0].find("since it answered after ") != std::string::npos, told.notes[0]);
        CHECK(*std::max_element(site.at_once.end() - 20, site.at_once.end()) < 32);
    }
}
