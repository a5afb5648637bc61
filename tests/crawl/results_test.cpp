// What a crawl leaves behind for its user, from a small site.

#include <doctest/doctest.h>

#include <crawl/crawler.hpp>
#include <crawl/schema.hpp>

#include <braid/core/spawn.hpp>
#include <braid/core/this_executor.hpp>

#include <boost/json/parse.hpp>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <string>

#include "test_files.hpp"
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

/// The lines by the path of their URL.
std::map<std::string, boost::json::object> lines_of(const std::filesystem::path& file, const test_server& server) {
    std::istringstream text(read_file(file));
    std::map<std::string, boost::json::object> pages;
    std::size_t lines = 0;
    for (std::string line; std::getline(text, line); ++lines) {
        boost::json::object page = boost::json::parse(line).as_object();
        const std::string url(page.at("url").as_string());
        pages[url.substr(server.url("").size())] = std::move(page);
    }
    CHECK(pages.size() == lines);
    return pages;
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
        CHECK(one(file, "PRAGMA user_version") == std::to_string(crawl::schema::version));
    }

    TEST_CASE("broken fragments are found if they are asked for") {
        const test_server::answer site = [](std::string_view target) -> reply {
            if (target == "/") {
                return html(
                    "<a href=p#here></a><a href=p#gone></a><a href=moved#gone></a><a href='#'></a><a href='#x'>"
                    "<a href=p#a%20b></a><a href=/hidden#x rel=nofollow></a>");
            }
            if (target == "/p") return html("<p id=here><a name='a b'></a>");
            if (target == "/moved") return {response(302, "Location: /p#lost\r\n", "")};
            return {response(404, "", "")};
        };
        const temporary_folder folder;
        braid::run_blocking(with_server(site, [&](test_server& server) -> braid::task<> {
            options wanted = options_for(server, folder);
            wanted.fragments = true;
            crawler crawling(co_await braid::this_executor(), wanted);
            co_await crawling.run();
            std::string told;
            for (const broken_link& b : crawling.result().broken.first) {
                CHECK(b.reason == "no such place in the page");
                told += b.target.substr(server.url("").size()) + "\n";
            }
            CHECK(told == "/#x\n/p#gone\n/p#lost\n");
        }));
        CHECK(one(folder / "crawl.db", "SELECT count(*) FROM pages WHERE outcome = 'nofollow'") == "1");
        CHECK(one(folder / "crawl.db", "SELECT count(*) FROM broken_fragments WHERE fragment = 'lost'") == "2");
    }

    TEST_CASE("every page that was asked for is in the JSON Lines once, also of a crawl that is gone on with") {
        crawler* running = nullptr;
        const test_server::answer site = [&running](std::string_view target) -> reply {
            if (target == "/")
                return html("<title>home</title><a href=a></a><a href=moved></a><a href='mailto:x'></a>");
            if (target == "/a") running->stop();
            if (target == "/moved") return {response(302, "Location: /gone\r\n", "")};
            return target == "/a" ? html("<img src=a rel=x>") : reply{response(404, "", "")};
        };
        const temporary_folder folder;
        braid::run_blocking(with_server(site, [&](test_server& server) -> braid::task<> {
            options wanted = options_for(server, folder);
            wanted.jsonl = folder / "pages.jsonl";
            wanted.concurrency = 1;
            for (int runs = 0; runs < 2; ++runs) {
                crawler crawling(co_await braid::this_executor(), wanted);
                running = &crawling;
                co_await crawling.run();
                // As if it had been killed before the database knew of these.
                std::ofstream(wanted.jsonl, std::ios::app) << (runs == 0 ? "{\"url\": \"half" : "");
            }
            auto pages = lines_of(wanted.jsonl, server);
            CHECK(pages.size() == 4);
            CHECK(pages["/"].at("title") == "home");
            CHECK(pages["/"].at("links").as_array().size() == 3);
            CHECK(pages["/moved"].at("links").at(0).at("kind") == "redirect");
            CHECK(pages["/gone"].at("status") == 404);
        }));
    }
}
