#include <crawl/progress.hpp>
#include <crawl/report.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>

namespace {

using namespace std::chrono_literals;

const crawl::progress moment{.pages = 120, .queued = 34, .in_flight = 8, .errors = 2, .workers = 4, .elapsed = 2s};

}  // namespace

TEST_SUITE("crawl/progress") {
    TEST_CASE("a piped line has everything, and no control characters") {
        CHECK(crawl::plain_line(moment) ==
              "2.0 s: 120 pages, 34 queued, 60 pages/s, 8 in flight, 2 errors, 4 workers\n");
    }

    TEST_CASE("a crawl that has just begun has no rate") {
        CHECK(crawl::plain_line({}) == "0.0 s: 0 pages, 0 queued, 0 pages/s, 0 in flight, 0 errors, 0 workers\n");
    }
}

TEST_SUITE("crawl/report") {
    TEST_CASE("the summary tells totals, outcomes, and every broken link with its referrers") {
        crawl::summary s{.pages = 500,
                         .bytes = 3 * 1024 * 1024,
                         .elapsed = 2s,
                         .parent_cpu = 400ms,
                         .worker_cpu = 600ms,
                         .outcomes = {},
                         .broken = {},
                         .output = "crawl.db"};
        s.outcomes[static_cast<std::size_t>(crawl::outcome::fetched)] = 500;
        s.outcomes[static_cast<std::size_t>(crawl::outcome::parser_hung)] = 1;
        s.broken = {.first = {{"http://h/gone", "404", {"http://h/", "http://h/a"}},
                              {"http://h/dead", "network error: refused", {}}},
                    .count = 2};
        CHECK(crawl::format_summary(s) ==
              "broken links: 2\n"
              "  http://h/gone (404)\n"
              "    from http://h/\n"
              "    from http://h/a\n"
              "  http://h/dead (network error: refused)\n"
              "URLs by outcome:\n"
              "       500  fetched\n"
              "         1  parser hung\n"
              "done: 500 pages, 3.0 MiB in 2.00 s: 250 pages/s\n"
              "CPU: 0.40 s crawler + 0.60 s workers: 500 pages per CPU second\n"
              "results: crawl.db\n");
    }

    TEST_CASE("what is broken beyond the first few is told in a line") {
        crawl::broken_links broken{.first = {{"http://h/gone", "404", {"http://h/a"}, 7}}, .count = 1'235};
        CHECK(crawl::format_summary({.broken = broken, .output = ""})
                  .starts_with("broken links: 1235\n"
                               "  http://h/gone (404)\n"
                               "    from http://h/a\n"
                               "    and from 7 more\n"
                               "  and 1234 more: SELECT * FROM broken_links\n"));
        broken.fragments = 1;
        CHECK(crawl::format_summary({.broken = broken, .output = ""})
                  .find("SELECT * FROM broken_links; SELECT * FROM broken_fragments\n") != std::string::npos);
    }

    TEST_CASE("the state tells progress, and the outcomes so far") {
        crawl::summary so_far{};
        so_far.outcomes[static_cast<std::size_t>(crawl::outcome::fetched)] = 118;
        so_far.outcomes[static_cast<std::size_t>(crawl::outcome::timed_out)] = 2;
        CHECK(crawl::format_state(moment, so_far) ==
              crawl::plain_line(moment) + "URLs by outcome:\n       118  fetched\n         2  timed out\n");
    }

    TEST_CASE("the state tells of the busiest hosts, whose names cannot control the terminal") {
        crawl::progress now = moment;
        now.busiest = {{"http://a\x1b[2J", 3, 8, 70}, {"http://b:81", 1, 1, 0, std::chrono::milliseconds(1500)}};
        CHECK(crawl::format_state(now, {}) == crawl::plain_line(moment) +
                                                  "busiest hosts:\n"
                                                  "  http://a?[2J: 3 of 8 at a time, 70 queued\n"
                                                  "  http://b:81: 1 of 1 at a time, 0 queued, 1.5 s between fetches\n"
                                                  "URLs by outcome:\n");
    }

    TEST_CASE("an interrupted crawl says so, and one without pages divides nothing by zero") {
        const std::string text = crawl::format_summary({.broken = {}, .output = "x.db", .interrupted = true});
        CHECK(text.find("\ninterrupted: 0 pages, 0 B in 0.00 s: 0 pages/s\n") != std::string::npos);
        CHECK(text.find("no broken links\n") != std::string::npos);
    }

    TEST_CASE("what comes from a page cannot control the terminal") {
        const crawl::broken_links broken{.first = {{"http://[\x1b[2J", "bad\nURL", {}}}, .count = 1};
        const std::string text = crawl::format_summary({.broken = broken, .output = "x.db"});
        CHECK(text.find("http://[?[2J (bad?URL)") != std::string::npos);
        CHECK(text.find('\x1b') == std::string::npos);
    }
}
