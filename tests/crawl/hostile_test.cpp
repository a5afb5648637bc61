// Servers that mean harm: each costs the page that it serves, and says what it did.

#include <doctest/doctest.h>

#include <crawl/fetch.hpp>

#include <braid/core/deadline.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/this_executor.hpp>

#include <string>
#include <vector>

#include "support/crawling.hpp"
#include "support/fetching.hpp"
#include "support/test_server.hpp"

using namespace crawl;
using namespace crawl::testing;
using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

reply endless(std::string begin, std::string more, std::chrono::milliseconds pause = 0ms) {
    return {std::move(begin), then::repeat, std::move(more), pause};
}

/// A gzip file that never ends, and never gives a byte: its header, and empty blocks.
reply endless_nothing() {
    std::string blocks;
    for (int i = 0; i < 10'000; ++i) blocks += "\0\0\0\xff\xff"s;
    const std::string header = "\x1f\x8b\x08\0\0\0\0\0\0\xff"s;
    return endless("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + header, blocks);
}

}  // namespace

TEST_SUITE("crawl/hostile") {
    TEST_CASE("endless headers are cut off, one that is long, and many that are short") {
        const std::string line(10'000, 'x');
        for (const reply& how :
             {endless("HTTP/1.1 200 OK\r\nX-Long: ", line), endless("HTTP/1.1 200 OK\r\n", "X-Short: x\r\n")}) {
            check_failure(fetch_one(how), outcome::network_error, "the head of the response is too large");
        }
    }

    TEST_CASE("a flood of announcements counts as a head that is too large") {
        check_failure(fetch_one(endless("", "HTTP/1.1 100 Continue\r\n\r\n")), outcome::network_error,
                      "the head of the response is too large");
    }

    TEST_CASE("endless lines before a chunk, and endless trailers, are cut off") {
        const std::string line(10'000, 'x');
        for (const reply& how : {endless(chunked + "1;", line), endless(chunked + "0;", line),
                                 endless(chunked + "0\r\n", "X-Trailer: x\r\n")}) {
            check_failure(fetch_one(how), outcome::network_error, "around a chunk of the response is too large");
        }
    }

    TEST_CASE("what comes for a body is limited, however little of it is body") {
        const fetch_options options{.max_body = 1000};
        const std::string one_byte = "1;" + std::string(50'000, 'x') + "\r\na\r\n";
        for (const reply& how : {endless(chunked, one_byte), endless_nothing()}) {
            check_failure(fetch_one(how, options), outcome::too_large, "for a body of at most 1000");
        }
        check_failure(fetch_one(endless(chunked, "400\r\n" + std::string(1024, 'x') + "\r\n"), options),
                      outcome::too_large, "larger than the limit of 1000");
    }

    TEST_CASE("chunks of impossible sizes, and lengths that contradict each other, are malformed") {
        for (const std::string& body :
             {std::string("fffffffffffffffff\r\nx"), std::string("-1\r\nx"), std::string("2\r\nabc\r\n0\r\n\r\n")}) {
            check_failure(fetch_one({chunked + body, then::stall}), outcome::network_error, "malformed response");
        }
        check_failure(fetch_one({"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", then::stall}),
                      outcome::network_error, "malformed response");
    }

    TEST_CASE("a length that promises more than comes is an error, when the connection ends or nothing comes") {
        const std::string half = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc";
        check_failure(fetch_one({half, then::close}), outcome::network_error, "in the middle of the response");
        check_failure(fetch_one({half, then::stall}, {.idle_timeout = 20ms}), outcome::timed_out,
                      "after 0.02 s while reading");
    }

    TEST_CASE("what comes beyond the announced length belongs to no later response") {
        const test_server::answer answer = [](std::string_view) {
            return reply{response(200, "", "right") + response(200, "", "smuggled")};
        };
        braid::run_blocking(with_server(answer, [](test_server& server) -> braid::task<> {
            const auto executor = co_await braid::this_executor();
            fetcher fetching(executor, local());
            for (int i = 0; i < 3; ++i) {
                const fetch_result result = co_await fetching.fetch(parsed(server.url("/")));
                CHECK(check_response(result).body == "right");
            }
            CHECK(server.connections() == 3);
        }));
    }

    TEST_CASE("what comes later, when nobody asked for it, belongs to no later response") {
        const test_server::answer answer = [](std::string_view) { return reply{response(200, "", "right")}; };
        braid::run_blocking(with_server(answer, [](test_server& server) -> braid::task<> {
            const auto executor = co_await braid::this_executor();
            fetcher fetching(executor, local());
            for (int i = 0; i < 3; ++i) {
                const fetch_result result = co_await fetching.fetch(parsed(server.url("/")));
                CHECK(check_response(result).body == "right");
                co_await server.send_unasked(response(200, "", "smuggled"));
            }
            CHECK(server.connections() == 3);
        }));
    }

    TEST_CASE("a body where there is none belongs to no later response") {
        for (const int status : {204, 304}) {
            const test_server::answer answer = [status](std::string_view) {
                return reply{response(status, "", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")};
            };
            braid::run_blocking(with_server(answer, [status](test_server& server) -> braid::task<> {
                const auto executor = co_await braid::this_executor();
                fetcher fetching(executor, local());
                for (int i = 0; i < 2; ++i) {
                    const fetch_result result = co_await fetching.fetch(parsed(server.url("/")));
                    CHECK(check_response(result).status == status);
                    CHECK(check_response(result).body.empty());
                }
            }));
        }
    }

    TEST_CASE("a head that drips costs no more than the deadline for it") {
        const fetch_options options{.first_byte_timeout = 30ms};
        check_failure(fetch_one(endless("HTTP/1.1 200 OK\r\nX-Slow: ", "x", 1ms), options), outcome::timed_out,
                      "after 0.03 s while waiting for the response");
        check_failure(fetch_one(endless("", "HTTP/1.1 100 Continue\r\n\r\n", 1ms), options), outcome::timed_out,
                      "after 0.03 s while waiting for the response");
    }

    TEST_CASE("a body that drips so that it is never idle costs no more than the deadline of the whole") {
        const fetch_options options{.idle_timeout = 1h, .total_timeout = 40ms};
        for (const reply& how : {endless("HTTP/1.1 200 OK\r\n\r\n", "x", 1ms),
                                 endless("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", "x", 1ms),
                                 endless(chunked, "1\r\nx\r\n", 1ms), endless(chunked + "1;", "x", 1ms)}) {
            check_failure(fetch_one(how, options), outcome::timed_out, "after 0.04 s while reading");
        }
    }

    TEST_CASE("a piece of a body is taken when it comes, also when it ends between two chunks") {
        const test_server::answer site = [](std::string_view) { return reply{chunked + "1\r\nx\r\n", then::stall}; };
        braid::run_blocking(with_server(site, [](test_server& server) -> braid::task<> {
            connection over(co_await braid::this_executor());
            const boost::asio::ip::tcp::endpoint there(boost::asio::ip::address_v4::loopback(),
                                                       parsed(server.url("/")).port());
            const auto opened = co_await over.open(there);
            REQUIRE_FALSE(opened.failed());
            const http_request asked(boost::beast::http::verb::get, "/", 11);
            const body_limit unlimited;
            const auto heads = co_await over.exchange_heads(asked, unlimited);
            REQUIRE_FALSE(heads.failed());
            const auto read = co_await braid::move_on_after(1min, over.read_some());
            REQUIRE(read);
            CHECK_FALSE(read->failed());
            CHECK(over.answer().body().bytes == "x");
            CHECK_FALSE(over.complete());
        }));
    }

    TEST_CASE("in a crawl each hostile page costs itself, with its reason, and nothing else") {
        const std::string bomb = response(200, "Content-Encoding: gzip\r\n", gzip(std::string(10'000'000, 'x')));
        const test_server::answer site = [&bomb](std::string_view target) -> reply {
            if (target == "/") return {page({"heads", "chunks", "bomb", "cut", "flood", "loop", "drip", "good"})};
            if (target == "/heads") return endless("HTTP/1.1 200 OK\r\n", "X-Short: x\r\n");
            if (target == "/chunks") return endless(chunked + "1;", std::string(10'000, 'x'));
            if (target == "/bomb") return {bomb};
            if (target == "/cut") return {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", then::close};
            if (target == "/flood") return endless("", "HTTP/1.1 103 Early Hints\r\n\r\n");
            if (target.starts_with("/loop")) {
                return {response(302, "Location: " + std::string(target) + std::string(400, 'x') + "\r\n", "")};
            }
            if (target == "/drip") return endless("HTTP/1.1 200 OK\r\n\r\n", "x", 1ms);
            if (target == "/good") return {page({"end"})};
            return {page({})};
        };
        const auto adjust = [](options& o) {
            o.max_body = 1'000'000;
            o.retries = 0;
            o.total_timeout = 1s;
        };
        crawl_and_check(site, adjust, parse_page, [](const auto& pages, const summary&) {
            CHECK(pages.at("/heads").detail == "the head of the response is too large");
            CHECK(pages.at("/chunks").detail == "what is around a chunk of the response is too large");
            CHECK(pages.at("/bomb").outcome == "too large");
            CHECK(pages.at("/cut").detail == "the connection ended in the middle of the response");
            CHECK(pages.at("/flood").detail == "the head of the response is too large");
            CHECK(pages.at("/drip").outcome == "timed out");
            CHECK(pages.at("/good").outcome == "fetched");
            CHECK(pages.at("/end").outcome == "fetched");
            // Redirects to ever longer URLs end where URLs are too long.
            CHECK(pages.at("/loop").outcome == "fetched");
            int traps = 0;
            for (const auto& [target, found] : pages) traps += found.outcome == "trap" ? 1 : 0;
            CHECK(traps == 1);
            CHECK(pages.size() < 20);
        });
    }

    TEST_CASE("redirects to ever new URLs are followed only so far") {
        const test_server::answer site = [](std::string_view target) -> reply {
            if (target == "/robots.txt") return {response(404, "", "")};
            return {response(301, "Location: " + std::string(target) + "?x\r\n", "")};
        };
        const auto adjust = [](options& o) { o.max_redirects = 4; };
        crawl_and_check(site, adjust, parse_page, [](const auto& pages, const summary&) {
            CHECK(pages.size() == 6);
            CHECK(pages.at("/?x?x?x?x?x").outcome == "too many redirects");
        });
    }
}
