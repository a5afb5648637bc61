#include <doctest/doctest.h>

#include <crawl/crawler.hpp>

#include <braid/core/spawn.hpp>
#include <braid/core/this_executor.hpp>

#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "support/crawling.hpp"
#include "support/test_server.hpp"

using namespace crawl;
using namespace crawl::testing;
using namespace std::chrono_literals;

// What the workers run.
namespace {

parsed_page chatty_parser(const document& doc) {
    std::fputs("a page was parsed\n", stderr);
    return parse_page(doc);
}

}  // namespace

namespace {

// A clock for pacers that moves when somebody waits, and looks at the pacer then.
braid::time_point present{};
const pacer* looked_at = nullptr;
std::vector<std::size_t> waiting;

braid::task<> look_and_pass_the_time(braid::time_point then) {
    waiting.push_back(looked_at->waiting_sites());
    present = then;
    co_return;
}

constexpr crawl_clock time_of_the_test{.now = [] { return present; }, .sleep_until = look_and_pass_the_time};

/// A front page of two links, one of them broken.
reply small_site(std::string_view target) {
    if (target == "/") return {page({"a", "gone"})};
    return {target == "/a" ? page({}) : response(404, "", "")};
}

}  // namespace

TEST_SUITE("crawl/progress of a crawl") {
    TEST_CASE("what is being done can be seen while it is done, and what was done afterwards") {
        const crawler* running = nullptr;
        std::map<std::string, progress> seen;
        const test_server::answer site = [&](std::string_view target) {
            seen[std::string(target)] = running->now();
            return small_site(target);
        };
        const output_file file;
        braid::run_blocking(with_server(site, [&](test_server& server) -> braid::task<> {
            options o = quick_options(server, file);
            o.concurrency = 1;
            crawler crawling(co_await braid::this_executor(), o);
            running = &crawling;
            co_await crawling.run();
            const progress& first = seen.at("/");
            CHECK(first.done == 0);
            CHECK(first.known() == 1);
            CHECK(first.connections == 1);
            CHECK(first.hosts == 1);
            const progress& second = seen.at("/a");
            CHECK(second.done == 1);
            CHECK(second.queued == 1);
            CHECK(second.in_flight == 1);
            CHECK(second.received == page({"a", "gone"}).size() - page({"a", "gone"}).find("\r\n\r\n") - 4);
            CHECK(second.parsing == 0);
            const progress last = crawling.now();
            CHECK(last.done == 3);
            CHECK(last.known() == 3);
            CHECK(last.connections == 0);
            CHECK(last.hosts == 0);
            CHECK(last.errors == 1);
            CHECK(last.last_error.url == server.url("/gone"));
            CHECK(last.last_error.why == "404");
        }));
    }

    TEST_CASE("the hosts that something is in flight of are told, the one with most to do first") {
        const crawler* running = nullptr;
        std::vector<host_load> seen;
        const test_server::answer site = [&](std::string_view) -> reply {
            if (seen.empty()) seen = running->now().busiest;
            return {page({})};
        };
        const output_file file;
        braid::run_blocking(with_server(site, [&](test_server& server) -> braid::task<> {
            options o = quick_options(server, file);
            o.seeds.clear();
            for (const auto& seed : {server.url("/", "localhost"), server.url("/"), server.url("/a"), server.url("/b")})
                o.seeds.push_back(*parse_url(seed));
            o.concurrency = 2;
            crawler crawling(co_await braid::this_executor(), o);
            running = &crawling;
            co_await crawling.run();
            REQUIRE(seen.size() == 2);
            CHECK(seen[0].origin == server.url(""));
            CHECK(seen[0].in_flight == 1);
            CHECK(seen[0].queued == 2);
            CHECK(seen[0].limit == 2);
            CHECK(seen[0].delay == 0ms);
            CHECK(seen[1].origin == server.url("", "localhost"));
            CHECK(seen[1].queued == 0);
            CHECK(crawling.now().busiest.empty());
        }));
    }

    TEST_CASE("the delay of a host is told, and that it then gets one fetch at a time") {
        const crawler* running = nullptr;
        host_load seen;
        const test_server::answer site = [&](std::string_view target) {
            seen = running->now().busiest.at(0);
            return small_site(target);
        };
        const output_file file;
        braid::run_blocking(with_server(site, [&](test_server& server) -> braid::task<> {
            options o = quick_options(server, file);
            o.delay = 1ms;
            crawler crawling(co_await braid::this_executor(), o);
            running = &crawling;
            co_await crawling.run();
        }));
        CHECK(seen.delay == 1ms);
        CHECK(seen.limit == 1);
    }

    TEST_CASE("URLs that an earlier run had done count as done, but not what it left alone") {
        crawler* running = nullptr;
        const test_server::answer site = [&](std::string_view target) -> reply {
            if (target == "/") return {page({"a", "gone", "mailto:x@y"})};
            if (target == "/a") running->stop();
            return small_site(target);
        };
        const output_file file;
        braid::run_blocking(with_server(site, [&](test_server& server) -> braid::task<> {
            options o = quick_options(server, file);
            o.concurrency = 1;
            for (const bool again : {false, true}) {
                crawler crawling(co_await braid::this_executor(), o);
                running = &crawling;
                co_await crawling.run();
                CHECK(crawling.now().done == (again ? 3 : 2));
                CHECK(crawling.now().pages == (again ? 1 : 2));
                CHECK(crawling.now().stopping != again);
            }
        }));
    }

    TEST_CASE("a failure of the network is told by its own words") {
        const output_file file;
        progress last;
        braid::run_blocking([](const output_file& to, progress& told) -> braid::task<> {
            options o;
            o.seeds.push_back(*parse_url(unreachable_url()));
            o.output = to.path;
            o.allow_private = true;
            o.retries = 0;
            crawler crawling(co_await braid::this_executor(), o);
            co_await crawling.run();
            told = crawling.now();
        }(file, last));
        CHECK(last.last_error.why.find("connection refused") != std::string::npos);
    }

    TEST_CASE("a host that has to be waited for is counted while somebody does") {
        pacer pace(5s, time_of_the_test);
        looked_at = &pace;
        waiting.clear();
        const url here = *parse_url("http://h/");
        braid::run_blocking([](pacer& by, url target) -> braid::task<> {
            for (int i = 0; i < 3; ++i) co_await by.turn(target);
        }(pace, here));
        CHECK(waiting == std::vector<std::size_t>{1, 1});
        CHECK(pace.waiting_sites() == 0);
    }

    TEST_CASE("what workers print is told to who wants to hear it") {
        const output_file file;
        std::vector<std::string> heard;
        braid::run_blocking(with_server(small_site, [&](test_server& server) -> braid::task<> {
            crawler crawling(co_await braid::this_executor(), quick_options(server, file), chatty_parser,
                             [&heard](const braid::worker_line& line) { heard.emplace_back(line.text); });
            co_await crawling.run();
        }));
        CHECK(heard == std::vector<std::string>{"a page was parsed", "a page was parsed"});
    }
}
