#include <crawl/progress.hpp>
#include <crawl/progress_frame.hpp>
#include <crawl/progress_json.hpp>
#include <crawl/progress_rates.hpp>
#include <crawl/terminal_text.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "test_files.hpp"

namespace {

using namespace crawl;
using namespace std::chrono_literals;
namespace json = boost::json;

progress at(double seconds, std::uint64_t done, std::uint64_t known) {
    return {.pages = done,
            .queued = known - done,
            .elapsed = std::chrono::duration<double>(seconds),
            .done = done,
            .received = 1000 * done};
}

/// What is told after these.
rates after(const std::vector<progress>& all) {
    progress_rates rates;
    for (const progress& p : all) rates.add(p);
    return rates.now();
}

const progress busy{.pages = 2340,
                    .queued = 2855,
                    .in_flight = 64,
                    .errors = 12,
                    .workers = 2,
                    .elapsed = 42s,
                    .done = 2345,
                    .bytes = 80'000'000,
                    .received = 43'200'000,
                    .connections = 40,
                    .hosts = 3,
                    .hosts_waiting = 1,
                    .parsing = 14,
                    .last_error = {"http://www.example.org/a/long/path/to/a/page.html", "timed out after 30 s"}};
progress of_hosts() {
    progress p = busy;
    p.busiest = {{"http://www.example.org", 40, 64, 1800},
                 {"https://a.very.long.name.in.a.deep.domain.example.org:8443", 16, 16, 1024},
                 {"http://slow.example.org", 1, 1, 30, 5000ms},
                 {"http://small.example.org", 1, 4, 1}};
    return p;
}
const rates fast{.pages = {1234, 900}, .received = {3'250'000, 1'000'000}};
const rates settled{.pages = {1234, 900}, .received = {3'250'000, 1'000'000}, .settled = true, .left = 70.4s};

std::string text_of(const std::vector<frame_line>& lines) {
    std::string all;
    for (const frame_line& line : lines) all += line.text + '\n';
    return all;
}

}  // namespace

TEST_SUITE("crawl/progress_rates") {
    TEST_CASE("the rate of the last seconds is not that of the whole") {
        std::vector<progress> all;
        for (int i = 0; i <= 20; ++i) all.push_back(at(i, 10 * static_cast<std::uint64_t>(i), 10'000));
        for (int i = 1; i <= 5; ++i) all.push_back(at(20 + i, 200 + 100 * static_cast<std::uint64_t>(i), 10'000));
        const rates now = after(all);
        CHECK(now.pages.lately == doctest::Approx(100));
        CHECK(now.pages.overall == doctest::Approx(28));
        CHECK(now.received.lately == doctest::Approx(100'000));
        CHECK(now.received.overall == doctest::Approx(28'000));
    }

    TEST_CASE("before there are two moments to compare, the rate is that of the whole, and without time none") {
        CHECK(after({}).pages.lately == 0);
        CHECK(after({at(0, 5, 10)}).pages.lately == 0);
        CHECK(after({at(2, 100, 200)}).pages.lately == doctest::Approx(50));
    }

    TEST_CASE("the rate of a host is that of its last seconds among the busiest, and none before there are two") {
        const auto with_hosts = [](double seconds, std::vector<host_load> busiest) {
            progress p = at(seconds, 0, 100);
            p.busiest = std::move(busiest);
            return p;
        };
        const auto done = [](const char* origin, std::uint64_t urls) {
            return host_load{.origin = origin, .done = urls};
        };
        std::vector<progress> all{with_hosts(0, {done("http://a", 1'000)}), with_hosts(7, {done("http://a", 2'000)}),
                                  with_hosts(9, {done("http://b", 40)})};
        CHECK(after(all).hosts.empty());
        all.push_back(with_hosts(11, {done("http://b", 60), done("http://a", 2'100), done("http://c", 5)}));
        const rates now = after(all);
        CHECK(now.hosts.size() == 2);
        CHECK(now.hosts.at("http://a") == doctest::Approx(25));
        CHECK(now.hosts.at("http://b") == doctest::Approx(10));
    }

    TEST_CASE("while URLs are found as fast as others are done, nothing is told of the time left") {
        const rates now = after({at(0, 0, 100), at(5, 100, 200), at(10, 200, 300)});
        CHECK_FALSE(now.settled);
        CHECK_FALSE(now.left);
    }

    TEST_CASE("once hardly any are found, the time left counts those that will still be found") {
        const rates none = after({at(0, 0, 1000), at(10, 500, 1000)});
        REQUIRE(none.left);
        CHECK(none.left->count() == doctest::Approx(10));
        const rates few = after({at(0, 0, 1000), at(10, 500, 1050)});  // each leads to a tenth of another
        CHECK(few.settled);
        REQUIRE(few.left);
        CHECK(few.left->count() == doctest::Approx(550.0 / 45));
        CHECK_FALSE(after({at(0, 0, 1000), at(10, 500, 1051)}).settled);
    }

    TEST_CASE(
        "only growth in the last quarter of the time counts, which is three seconds at least and thirty at most") {
        const rates now = after({at(0, 0, 1), at(9, 100, 1000), at(12, 200, 1000)});
        REQUIRE(now.left);
        CHECK(now.left->count() == doctest::Approx(24));
        CHECK_FALSE(after({at(0, 0, 1), at(9, 100, 1000), at(16, 200, 1100)}).settled);
        CHECK(after({at(0, 0, 1), at(1, 1, 1000), at(2, 100, 1000), at(3, 200, 1000), at(4, 300, 1000)}).settled);
        std::vector<progress> long_crawl;
        for (std::uint64_t i = 0; i < 50; ++i) {  // every ten seconds; nothing is found any more after 470 s
            long_crawl.push_back(
                at(10.0 * static_cast<double>(i), 100 * i, 10'000 + 100 * std::min<std::uint64_t>(i, 47)));
        }
        CHECK_FALSE(after(long_crawl).settled);
        long_crawl.push_back(at(500, 5000, 14'700));
        CHECK(after(long_crawl).settled);
    }

    TEST_CASE("nothing is foreseen from too short a time, without anything done, or of what is not to be done") {
        CHECK_FALSE(after({at(0, 0, 1000), at(2, 500, 1000)}).settled);
        CHECK_FALSE(after({at(0, 500, 1000), at(10, 500, 1000)}).settled);
        progress stopped = at(10, 500, 1000);
        stopped.stopping = true;
        CHECK_FALSE(after({at(0, 0, 1000), stopped}).settled);
    }

    TEST_CASE("when all is done nothing is left to foresee") {
        const rates now = after({at(0, 1, 1)});
        CHECK(now.settled);
        CHECK_FALSE(now.left);
    }

    TEST_CASE("a queue that is given up makes no rate negative") {
        const rates now = after({at(0, 0, 1000), at(10, 500, 500)});
        CHECK(now.settled);
        CHECK(after({at(0, 0, 1000), at(10, 500, 600)}).left->count() == doctest::Approx(2));
    }
}

TEST_SUITE("crawl/progress_frame") {
    TEST_CASE("while no end is in sight there is no bar and no time left") {
        CHECK(text_of(progress_frame(busy, fast, {.columns = 80})) ==
              "2,345 done, 5,264 known, 0:42 elapsed\n"
              "1,234 pages/s, 900/s overall, 3.1 MiB/s, 41.2 MiB received\n"
              "2,855 queued, 64 in flight, 3 hosts, 1 host waits for its delay\n"
              "40 connections, 2 of 2 workers busy, 12 pages wait for one\n"
              "12 errors, last: http://www.example.…path/to/a/page.html (timed out after 30 s)\n");
    }

    TEST_CASE("when the total is known there are a bar and the time left") {
        const auto lines = progress_frame(busy, settled, {.columns = 80});
        CHECK(lines.at(0).text == "[###########--------------]  45 %, 2,345 of 5,264 URLs, 1:10 left, 0:42 elapsed");
        CHECK(lines.at(0).how == frame_line::tone::strong);
        CHECK(lines.at(4).how == frame_line::tone::bad);
        CHECK(progress_frame(busy, settled, {.columns = 200})
                  .at(0)
                  .text.starts_with("[#############-----------------]  45 %"));
    }

    TEST_CASE("a narrow terminal gets what is most telling") {
        CHECK(text_of(progress_frame(busy, settled, {.columns = 40})) ==
              " 45 %, 2,345 of 5,264 URLs, 1:10 left\n"
              "1,234 pages/s, 900/s overall, 3.1 MiB/s\n"
              "2,855 queued, 64 in flight, 3 hosts\n"
              "40 connections, 2 of 2 workers busy\n"
              "12 errors, last: http….html (timed ou…)\n");
    }

    TEST_CASE("no line is as wide as the terminal, and there are fewer than it has rows") {
        progress odd = busy;
        odd.last_error = {"http://日本.example/é\x1b[2J", "日本日本日本日本日本"};
        for (const bool utf8 : {true, false}) {
            for (std::size_t columns = 0; columns < 100; ++columns) {
                for (const rates& speed : {fast, settled}) {
                    for (const frame_line& line : progress_frame(odd, speed, {.columns = columns, .utf8 = utf8})) {
                        CHECK(columns_of(line.text) < columns);
                        CHECK(line.text.find('\x1b') == std::string::npos);
                    }
                }
            }
        }
        for (std::size_t rows = 0; rows < 8; ++rows) {
            CHECK(progress_frame(busy, fast, {.columns = 80, .rows = rows}).size() ==
                  std::min<std::size_t>(rows < 2 ? 0 : rows - 1, 5));
        }
    }

    TEST_CASE("the busiest hosts are shown, each with its limit, what waits for it and its delay") {
        const auto lines = progress_frame(of_hosts(), fast, {.columns = 80});
        REQUIRE(lines.size() == 8);
        CHECK(lines[3].text.find("connections") != std::string::npos);
        CHECK(lines[4].text == "  http://www.example.org: 40 of 64 at a time, 1,800 queued");
        CHECK(lines[5].text == "  https://a.very.long…in.example.org:8443: 16 of 16 at a time, 1,024 queued");
        CHECK(lines[6].text == "  http://slow.example.org: 1 of 1 at a time, 30 queued, 5 s between fetches");
        CHECK(lines[7].how == frame_line::tone::bad);

        rates known = fast;
        known.hosts = {{"http://www.example.org", 1'200.4}, {"http://slow.example.org", 0.2}};
        const auto with_rates = progress_frame(of_hosts(), known, {.columns = 80});
        CHECK(with_rates.at(4).text == "  http://www.example.org: 1,200/s, 40 of 64 at a time, 1,800 queued");
        CHECK(with_rates.at(5).text == lines[5].text);
        CHECK(with_rates.at(6).text == "  http://slow.example.org: 0.2/s, 1 of 1 at a time, 30 queued");
    }

    TEST_CASE("on a short terminal there are fewer hosts, which take no more than half of it, or none") {
        for (std::size_t rows = 0; rows < 30; ++rows) {
            CAPTURE(rows);
            const std::size_t without = progress_frame(busy, fast, {.columns = 80, .rows = rows}).size();
            const std::size_t with = progress_frame(of_hosts(), fast, {.columns = 80, .rows = rows}).size();
            CHECK(with == (rows < 12 ? without : std::min<std::size_t>(rows / 2, 8)));
        }
    }

    TEST_CASE("the name of a host can neither control the terminal nor be wider than it") {
        progress odd = of_hosts();
        odd.busiest[0].origin = "http://日本\x1b[2J" + std::string(100, 'x');
        for (const bool utf8 : {true, false}) {
            for (std::size_t columns = 0; columns < 100; ++columns) {
                for (const frame_line& line : progress_frame(odd, fast, {.columns = columns, .utf8 = utf8})) {
                    CHECK(columns_of(line.text) < columns);
                    CHECK(line.text.find('\x1b') == std::string::npos);
                }
            }
        }
    }

    TEST_CASE("a terminal without UTF-8 gets ASCII") {
        progress odd = busy;
        odd.last_error.url = "http://h/é" + std::string(100, 'x');
        const std::string line = progress_frame(odd, fast, {.columns = 62, .utf8 = false}).at(4).text;
        CHECK(line == "12 errors, last: http://h/...xxxxxxxxx (timed out after 30 s)");
    }

    TEST_CASE("a crawl that has just begun, one without workers and one that is stopped are told as such") {
        CHECK(text_of(progress_frame({}, {}, {.columns = 80})) ==
              "0 done, 0 known, 0:00 elapsed\n"
              "0.0 pages/s, 0.0/s overall, 0 B/s, 0 B received\n"
              "0 queued, 0 in flight, 0 hosts\n"
              "0 connections, 0 being parsed\n");
        progress stopped = busy;
        stopped.stopping = true;
        CHECK(progress_frame(stopped, fast, {.columns = 80}).at(0).text ==
              "stopping, 64 still in flight, 0:42 elapsed");
    }

    TEST_CASE("a bar is full only when everything is done") {
        progress almost{.queued = 1, .elapsed = 3725s, .done = 100'000};
        const rates known{.settled = true};
        CHECK(progress_frame(almost, known, {.columns = 80}).at(0).text ==
              "[############################-]  99 %, 100,000 of 100,001 URLs, 1:02:05 elapsed");
        almost.queued = 0;
        CHECK(progress_frame(almost, known, {.columns = 80}).at(0).text.find("##] 100 %, 100,000 of 100,000 URLs") !=
              std::string::npos);
    }
}

TEST_SUITE("crawl/progress_json") {
    TEST_CASE("the state is one line of JSON with all that is known") {
        progress some = busy;
        some.busiest = {{"http://slow.example.org", 1, 4, 30, 5000ms, 7}, {"http://new.example.org", 1, 1, 1}};
        rates known = settled;
        known.hosts = {{"http://slow.example.org", 0.25}};
        const std::string line = progress_json(some, known, "running");
        CHECK(line.find('\n') == line.size() - 1);
        CHECK(json::parse(line) == json::parse(R"({
            "state": "running", "elapsed_ms": 42000, "done": 2345, "known": 5264, "queued": 2855, "in_flight": 64,
            "settled": true, "left_ms": 70400, "pages": 2340, "pages_per_s": 1234.0, "pages_per_s_overall": 900.0,
            "bytes": 80000000, "received": 43200000, "received_per_s": 3250000, "received_per_s_overall": 1000000,
            "connections": 40, "hosts": 3, "hosts_waiting": 1,
            "busiest": [{"host": "http://slow.example.org", "in_flight": 1, "limit": 4, "queued": 30,
                         "done": 7, "delay_ms": 5000, "done_per_s": 0.3},
                        {"host": "http://new.example.org", "in_flight": 1, "limit": 1, "queued": 1, "done": 0,
                         "delay_ms": 0}],
            "workers": 2, "parsing": 14, "errors": 12,
            "last_error": {"url": "http://www.example.org/a/long/path/to/a/page.html",
                           "why": "timed out after 30 s"}})"));
    }

    TEST_CASE("README.md names every member") {
        const std::string readme = read_file(CRAWL_README);
        const json::value all = json::parse(progress_json(of_hosts(), settled, "running"));
        for (const json::value& object : {all, all.at("busiest").at(0)}) {
            for (const auto& member : object.as_object()) {
                const std::string name(member.key());
                CHECK_MESSAGE(readme.find('`' + name + '`') != std::string::npos, name);
            }
        }
    }

    TEST_CASE("what is not known is left out") {
        const json::object early = json::parse(progress_json({}, {}, "running")).as_object();
        CHECK_FALSE(early.contains("left_ms"));
        CHECK_FALSE(early.contains("last_error"));
        CHECK(early.at("settled") == false);
    }

    TEST_CASE("what came from the network stays valid JSON") {
        progress odd = busy;
        odd.last_error = {"http://h/\n\"", "\xFF"};
        const std::string line = progress_json(odd, fast, "done");
        CHECK(line.find('\n') == line.size() - 1);
        CHECK(json::parse(line).at("last_error").at("why") == "\xEF\xBF\xBD");
    }
}
