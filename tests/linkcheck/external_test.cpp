// Links to very many other hosts.

#include <crawl/crawler.hpp>
#include <linkcheck/external.hpp>

#include <doctest/doctest.h>

#include <braid/core/spawn.hpp>
#include <braid/core/this_executor.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "support/crawling.hpp"
#include "support/test_server.hpp"

using namespace crawl::testing;

namespace {

constexpr int other_hosts = 1'500;
constexpr int at_a_time = 8;

/// One page of one host leads to all the others, which have a robots.txt and a page each.
reply answer_as_hosts(std::string_view asked) {
    if (asked.ends_with("/robots.txt")) return {response(200, "", "User-agent: *\nDisallow: /no\n")};
    std::string links;
    if (asked.starts_with("http://start.example/")) {
        for (int i = 0; i < other_hosts; ++i) links += fmt::format("<a href='http://h{}.example/'></a>", i);
    }
    return {response(200, "Content-Type: text/html\r\n", links)};
}

}  // namespace

TEST_SUITE("linkcheck/external") {
    TEST_CASE("of the thousands of hosts that links lead to not many more than a thousand are remembered") {
        const linkcheck::external_check* running = nullptr;
        std::size_t most = 0;  // beside those that something is left to do for
        const test_server::answer hosts = [&](std::string_view asked) {
            if (running != nullptr) most = std::max(most, running->hosts_remembered() - running->now().queued);
            return answer_as_hosts(asked);
        };
        const output_file file;
        braid::run_blocking(with_server(hosts, [&](test_server& server) -> braid::task<> {
            crawl::options how = quick_options_by_proxy(server, file, "http://start.example/");
            how.workers = 0;
            how.concurrency = at_a_time;
            const crawl::summary crawled = co_await crawl_by(how);
            CHECK(crawled.pages == 1);
            crawl::database found(file.path);
            linkcheck::external_check asking(co_await braid::this_executor(), how, found);
            running = &asking;
            co_await asking.run();
            running = nullptr;
            CHECK(asking.asked() == other_hosts);
        }));
        CHECK(most > 0);
        CHECK(most <= 1'000 + 2 * at_a_time);
    }
}
