// What a crawl leaves behind for its user, from a small site.

#include <doctest/doctest.h>

#include <crawl/crawler.hpp>

#include <braid/core/spawn.hpp>
#include <braid/core/this_executor.hpp>

#include <functional>
#include <string>

#include "support/temporary_folder.hpp"
#include "support/test_server.hpp"

using namespace crawl;
using namespace crawl::testing;
using namespace std::chrono_literals;

namespace {

options options_for(const test_server& server, const temporary_folder& to) {
    options o;
    o.seeds = {*parse_url(server.url("/"))};
    o.output = to / "crawl.db";
    o.workers = 1;
    o.allow_private = true;
    o.retry_delay = 1ms;
    return o;
}

/// Crawls a server that answers so.
braid::task<> crawl_once(const options& wanted) {
    crawler crawling(co_await braid::this_executor(), wanted);
    co_await crawling.run();
}

/// The first column of the first row, or "no row".
std::string one(const std::filesystem::path& file, const std::string& sql) {
    database db(file);
    statement query(db, sql);
    return query.step() ? query.text(0) : "no row";
}

reply html(std::string_view body) { return {response(200, "Content-Type: text/html\r\n", body)}; }

}  // namespace

TEST_SUITE("crawl/results") {
    TEST_CASE("the views of a crawl tell what is broken, moved, double, slow and large") {
        const std::string long_text(10'000, 'x');
        const test_server::answer site = [&](std::string_view target) -> reply {
            if (target == "/") return html("<a href=old></a><a href=gone></a><a href=a></a><a href=b></a><a href=zip>");
            if (target == "/old") return {response(301, "Location: /older\r\n", "moved")};
            if (target == "/older") return {response(302, "Location: /a\r\n", "moved")};
            if (target == "/a" || target == "/b") return html("<title>the same</title>");
            if (target == "/zip") {
                return {response(200, "Content-Type: text/plain\r\nContent-Encoding: gzip\r\n", gzip(long_text))};
            }
            return {response(404, "", "")};
        };
        const temporary_folder folder;
        const auto file = folder / "crawl.db";
        braid::run_blocking(with_server(site, [&](test_server& server) -> braid::task<> {
            const options wanted = options_for(server, folder);
            co_await crawl_once(wanted);
            CHECK(one(file, "SELECT target || ' ' || referrer FROM broken_links") ==
                  server.url("/gone") + " " + server.url("/"));
            CHECK(one(file, "SELECT final || ' ' || hops FROM redirects ORDER BY hops DESC") ==
                  server.url("/a") + " 2");
            CHECK(one(file, "SELECT group_concat(url, ' ') FROM duplicates") ==
                  server.url("/a") + " " + server.url("/b"));
            CHECK(one(file, "SELECT url || ' ' || bytes FROM largest_pages") == server.url("/zip") + " 10000");
        }));
        CHECK(one(file, "SELECT received < bytes AND received > 0 FROM sizes WHERE type = 'text/plain'") == "1");
        CHECK(one(file, "SELECT count(*) FROM slowest_pages WHERE took_ms > 0") == "7");
        CHECK(one(file, "PRAGMA user_version") == "2");
    }
}
