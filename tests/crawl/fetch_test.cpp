#include <doctest/doctest.h>

#include <crawl/fetch.hpp>

#include <braid/core/spawn.hpp>
#include <braid/core/this_executor.hpp>

#include <array>
#include <string>

#include "support/fetching.hpp"
#include "support/packing.hpp"
#include "support/test_server.hpp"

using namespace crawl;
using namespace crawl::testing;
using namespace std::chrono_literals;

TEST_SUITE("crawl/fetch") {
    TEST_CASE("a response comes with status, type and body") {
        const fetch_result result = fetch_one({response(404, "Content-Type: text/plain\r\n", "gone")});
        const fetched& got = check_response(result);
        CHECK(got.status == 404);
        CHECK(got.content_type == "text/plain");
        CHECK(got.body == "gone");
        CHECK(got.location.empty());
    }

    TEST_CASE("a redirect tells where it leads, and is not followed") {
        const fetch_result result = fetch_one({response(302, "Location: /elsewhere\r\n", "")});
        CHECK(check_response(result).location == "/elsewhere");
    }

    TEST_CASE("a chunked body, and one that ends with the connection, are complete") {
        const fetch_result chunked =
            fetch_one({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"});
        CHECK(check_response(chunked).body == "abcde");
        const fetch_result to_the_end = fetch_one({"HTTP/1.1 200 OK\r\n\r\nabc", then::close});
        CHECK(check_response(to_the_end).body == "abc");
    }

    TEST_CASE("gzip and deflate bodies arrive decoded") {
        const std::string text(100'000, 'x');
        const fetch_result zipped = fetch_one({response(200, "Content-Encoding: gzip\r\n", gzip(text))});
        CHECK(check_response(zipped).body == text);
        const fetch_result deflated = fetch_one({response(200, "Content-Encoding: deflate\r\n", deflate(text))});
        CHECK(check_response(deflated).body == text);
    }

    TEST_CASE("brotli and zstd bodies arrive decoded") {
        const std::string text(100'000, 'x');
        const fetch_result brotli = fetch_one({response(200, "Content-Encoding: br\r\n", pack_brotli(text))});
        CHECK(check_response(brotli).body == text);
        const fetch_result zstd = fetch_one({response(200, "Content-Encoding: zstd\r\n", pack_zstd(text))});
        CHECK(check_response(zstd).body == text);
    }

    TEST_CASE("announcements before the response are skipped") {
        const fetch_result result = fetch_one({"HTTP/1.1 103 Early Hints\r\n\r\n" + response(200, "", "proper")});
        CHECK(check_response(result).body == "proper");
    }

    TEST_CASE("a response without a body is complete whatever its head says of encodings") {
        const fetch_result result = fetch_one({"HTTP/1.1 204 No Content\r\nContent-Encoding: gzip\r\n\r\n"});
        CHECK(check_response(result).status == 204);
    }

    TEST_CASE("a body larger than the limit is refused, also when only decoding makes it large") {
        const fetch_options options{.max_body = 1000};
        check_failure(fetch_one({response(200, "", std::string(1001, 'x'))}, options), outcome::too_large, "1000");
        check_failure(fetch_one({"HTTP/1.1 200 OK\r\n\r\n" + std::string(1001, 'x'), then::close}, options),
                      outcome::too_large, "1000");
        const std::string bomb = gzip(std::string(10'000'000, 'x'));
        check_failure(fetch_one({response(200, "Content-Encoding: gzip\r\n", bomb)}, options), outcome::too_large,
                      "1000");
    }

    TEST_CASE("a body that is not what its encoding says is refused") {
        check_failure(fetch_one({response(200, "Content-Encoding: gzip\r\n", "no gzip")}), outcome::bad_encoding,
                      "gzip");
        check_failure(fetch_one({response(200, "Content-Encoding: xz\r\n", "x")}), outcome::bad_encoding, "\"xz\"");
        check_failure(fetch_one({response(200, "Content-Encoding: br\r\n", "\xff\xff")}), outcome::bad_encoding,
                      "brotli");
        check_failure(fetch_one({response(200, "Content-Encoding: zstd\r\n", "x")}), outcome::bad_encoding, "zstd");
        const std::string cut = gzip("some text").substr(0, 12);
        check_failure(fetch_one({response(200, "Content-Encoding: gzip\r\n", cut)}), outcome::bad_encoding, "");
    }

    TEST_CASE("a server that closes, cuts or talks nonsense is told of in words") {
        check_failure(fetch_one({"", then::close}), outcome::network_error, "without a response");
        check_failure(fetch_one({"HTTP/1.1 200 OK\r\nContent-", then::close}), outcome::network_error, "in the middle");
        check_failure(fetch_one({"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", then::close}),
                      outcome::network_error, "in the middle");
        check_failure(fetch_one({"220 mail.example ESMTP\r\n\r\n", then::close}), outcome::network_error,
                      "malformed response");
        check_failure(fetch_one({"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n"}), outcome::network_error,
                      "malformed response");
    }

    TEST_CASE("a server that stalls costs no more than the deadline of its phase") {
        check_failure(fetch_one({"", then::stall}, {.first_byte_timeout = 20ms}), outcome::timed_out,
                      "after 0.02 s while waiting");
        const std::string half = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc";
        check_failure(fetch_one({half, then::stall}, {.total_timeout = 30ms}), outcome::timed_out,
                      "after 0.03 s while reading");
        check_failure(fetch_one({half, then::stall}, {.idle_timeout = 25ms}), outcome::timed_out,
                      "after 0.025 s while reading");
        check_failure(fetch_one({"", then::stall}, {.total_timeout = 30ms}), outcome::timed_out, "after 0.03 s while");
    }

    TEST_CASE("what took too long may be tried again, unless all the time that there is was spent") {
        const std::string half = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc";
        const auto is_passing = [](const reply& how, const fetch_options& options) {
            return std::get<fetch_failure>(fetch_one(how, options)).passing;
        };
        CHECK(is_passing({"", then::stall}, {.first_byte_timeout = 20ms}));
        CHECK(is_passing({half, then::stall}, {.idle_timeout = 25ms}));
        CHECK_FALSE(is_passing({half, then::stall}, {.total_timeout = 30ms}));
        CHECK_FALSE(is_passing({"", then::stall}, {.total_timeout = 30ms}));
    }

    TEST_CASE("a port that nobody listens on refuses") {
        fetch_result result;
        braid::run_blocking([](fetch_result& to) -> braid::task<> {
            const auto executor = co_await braid::this_executor();
            fetcher fetching(executor, local());
            const url nowhere = parsed(unreachable_url());
            to = co_await fetching.fetch(nowhere);
        }(result));
        check_failure(result, outcome::network_error, "connection refused while connecting");
    }

    TEST_CASE("one connection serves fetches that follow each other") {
        const test_server::answer answer = [](std::string_view target) { return reply{response(200, "", target)}; };
        braid::run_blocking(with_server(answer, [](test_server& server) -> braid::task<> {
            const auto executor = co_await braid::this_executor();
            fetcher fetching(executor, local());
            const std::array<std::string, 3> targets{"/a", "/b", "/c"};
            for (const std::string& target : targets) {
                const fetch_result result = co_await fetching.fetch(parsed(server.url(target)));
                CHECK(check_response(result).body == target);
            }
            CHECK(server.connections() == 1);
        }));
    }

    TEST_CASE("a connection that was closed while it was idle is replaced") {
        // Nothing in the first response says that the connection ends with it.
        const test_server::answer answer = [](std::string_view) { return reply{response(200, "", "ok"), then::close}; };
        braid::run_blocking(with_server(answer, [](test_server& server) -> braid::task<> {
            const auto executor = co_await braid::this_executor();
            fetcher fetching(executor, local());
            for (int i = 0; i < 3; ++i) {
                const fetch_result result = co_await fetching.fetch(parsed(server.url("/")));
                check_response(result);
            }
            CHECK(server.connections() == 3);
            CHECK(server.requests() == 3);
        }));
    }

    TEST_CASE("a fresh connection that is closed at once is not tried again") {
        int requests = 0;
        const test_server::answer answer = [](std::string_view) { return reply{"", then::close}; };
        const auto work = [&requests](test_server& server) -> braid::task<> {
            const auto executor = co_await braid::this_executor();
            fetcher fetching(executor, local());
            const fetch_result result = co_await fetching.fetch(parsed(server.url("/")));
            check_failure(result, outcome::network_error, "without a response");
            requests = server.requests();
        };
        braid::run_blocking(with_server(answer, work));
        CHECK(requests == 1);
    }
}
