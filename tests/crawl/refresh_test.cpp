// A crawl of what was crawled before: only what has changed is sent again, and the result is as if all had been.

#include <doctest/doctest.h>

#include <crawl/crawler.hpp>

#include <braid/core/spawn.hpp>
#include <braid/core/this_executor.hpp>

#include <functional>
#include <map>
#include <string>

#include "support/crawling.hpp"
#include "support/test_server.hpp"

using namespace crawl;
using namespace crawl::testing;

namespace {

/// A site whose pages have an ETag, and that counts what it sends.
struct site {
    std::map<std::string, std::string> bodies;  ///< by target
    std::string type = "text/html";
    std::map<std::string, int> sent;
    std::map<std::string, int> confirmed;
    std::function<void()> on_request = [] {};

    reply answer(const request& asked) {
        const std::string target(asked);
        if (target == "/robots.txt") return {response(404, "", "")};
        on_request();
        const auto found = bodies.find(target);
        if (found == bodies.end()) return {response(404, "", "")};
        const std::string tag = "\"" + std::to_string(std::hash<std::string>()(found->second)) + "\"";
        if (asked.header("If-None-Match") == tag) {
            ++confirmed[target];
            return {"HTTP/1.1 304 Not Modified\r\nETag: " + tag + "\r\n\r\n"};
        }
        ++sent[target];
        return {response(200, "Content-Type: " + type + "\r\nETag: " + tag + "\r\n", found->second)};
    }
    [[nodiscard]] test_server::answer answers() {
        return [this](const request& asked) { return answer(asked); };
    }
    void forget() {
        sent.clear();
        confirmed.clear();
    }
};

/// All that a crawl says of its pages and links, but for when it was.
std::string contents_of(const output_file& file) {
    return query_text(
        file,
        "SELECT (SELECT group_concat(line, char(10)) FROM (SELECT concat_row AS line FROM "
        "(SELECT url || '|' || depth || '|' || coalesce(status, '') || '|' || coalesce(type, '') || '|' || "
        "coalesce(title, '') || '|' || coalesce(text_length, '') || '|' || coalesce(content_hash, '') || "
        "'|' || coalesce(bytes, '') || '|' || outcome || '|' || coalesce(detail, '') || '|' || "
        "coalesce(etag, '') || '|' || coalesce(language, '') AS concat_row FROM pages) ORDER BY line)) || char(10) || "
        "(SELECT group_concat(line, char(10)) FROM (SELECT f.url || '>' || t.url || '|' || l.kind_id || "
        "'|' || l.nofollow AS line FROM page_links l JOIN pages f ON f.id = l.from_id "
        "JOIN pages t ON t.id = l.to_id ORDER BY line))");
}

const std::string front =
    "<title>Front</title><a href=a>a</a><a href=gone>x</a><a href=mailto:x@y.example>m</a>"
    "<a href='http://:bad'>b</a><a href=secret rel=nofollow>n</a>";

site small_site() {
    site made;
    made.bodies = {
        {"/", front}, {"/a", "<title>A</title><a href=b>b</a>"}, {"/b", "<html lang=de><title>B</title>text"}};
    return made;
}

}  // namespace

TEST_SUITE("crawl/refresh") {
    TEST_CASE("what has not changed is not sent again, and stays with its links") {
        site served = small_site();
        const output_file file;
        braid::run_blocking(with_server(served.answers(), [&](test_server& server) -> braid::task<> {
            options o = quick_options(server, file);
            co_await crawl_by(o);
            const std::string before = contents_of(file);
            CHECK(before.find("nofollow") != std::string::npos);
            CHECK(served.sent.size() == 3);
            served.forget();
            o.refresh = true;
            const summary told = co_await crawl_by(o);
            CHECK(served.sent.empty());
            CHECK(served.confirmed.size() == 3);
            CHECK(told.unchanged == 3);
            CHECK(contents_of(file) == before);
        }));
    }

    TEST_CASE("places and fragments of what has not changed stay, and those of what has are looked for") {
        site served;
        served.bodies = {{"/", "<a href=a#here></a><a href=a#lost></a><a href=b></a><p id=top-of-it><a href='#none'>"},
                         {"/a", "<p id=here><a href='b#x'></a>"},
                         {"/b", "<p id=x>"}};
        const output_file file;
        constexpr auto broken =
            "SELECT group_concat(fragment, ' ') FROM (SELECT fragment FROM broken_fragments ORDER BY 1)";
        const std::string all =
            "SELECT (SELECT group_concat(t, ' ') FROM (SELECT p.url || '#' || name AS t FROM places JOIN pages p ON "
            "p.id = "
            "page_id ORDER BY 1)) || '|' || (SELECT group_concat(t, ' ') FROM (SELECT f.url || '>' || t.url || '#' || "
            "fragment || '=' || decoded AS t FROM fragment_links JOIN pages f ON f.id = from_id JOIN pages t ON t.id = "
            "to_id "
            "ORDER BY 1))";
        braid::run_blocking(with_server(served.answers(), [&](test_server& server) -> braid::task<> {
            options o = quick_options(server, file);
            o.fragments = true;
            co_await crawl_by(o, parse_page_and_fragments);
            CHECK(query_text(file, broken) == "lost none");
            const std::string before = query_text(file, all);
            served.forget();
            o.refresh = true;
            co_await crawl_by(o, parse_page_and_fragments);
            CHECK(served.sent.empty());
            CHECK(query_text(file, all) == before);
            CHECK(query_text(file, broken) == "lost none");
            served.bodies["/b"] = "<p id=y>";
            co_await crawl_by(o, parse_page_and_fragments);
            const std::map<std::string, int> expected{{"/b", 1}};
            CHECK(served.sent == expected);
            CHECK(query_text(file, broken) == "lost none x");
            CHECK(query_text(file, "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'earlier%'") == "0");
        }));
    }

    TEST_CASE("where fragments were not looked for, a refresh that does so reads every page again") {
        site served = small_site();
        served.bodies["/b"] = "<p id=x><a href='#none'>";
        const output_file file;
        braid::run_blocking(with_server(served.answers(), [&](test_server& server) -> braid::task<> {
            options o = quick_options(server, file);
            co_await crawl_by(o);
            served.forget();
            o.refresh = true;
            o.fragments = true;
            co_await crawl_by(o, parse_page_and_fragments);
            CHECK(served.sent.size() == 3);
            CHECK(query_text(file, "SELECT fragment FROM broken_fragments") == "none");
            served.forget();
            o.fragments = false;
            co_await crawl_by(o);
            CHECK(served.sent.empty());
            CHECK(query_text(file, "SELECT count(*) FROM places") == "0");
        }));
    }

    TEST_CASE("what has changed, has come and has gone is found") {
        site served = small_site();
        const output_file file;
        braid::run_blocking(with_server(served.answers(), [&](test_server& server) -> braid::task<> {
            options o = quick_options(server, file);
            co_await crawl_by(o);
            served.bodies["/a"] = "<title>New</title><a href=c>c</a>";
            served.bodies["/c"] = "<title>C</title>";
            served.forget();
            o.refresh = true;
            const summary told = co_await crawl_by(o);
            CHECK(told.unchanged == 1);
            const std::map<std::string, int> expected{{"/a", 1}, {"/c", 1}};
            CHECK(served.sent == expected);
            const auto pages = pages_in(file, server);
            CHECK(pages.count("/b") == 0);
            CHECK(pages.at("/c").outcome == "fetched");
            CHECK(query_text(file, "SELECT title FROM pages WHERE url LIKE '%/a'") == "New");
            CHECK(query_text(file, "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'earlier%'") == "0");
        }));
    }

    TEST_CASE("a page without an ETag is asked for by its date, and one with neither is sent again") {
        int sent = 0;
        const test_server::answer answers = [&sent](const request& asked) -> reply {
            constexpr std::string_view date = "Sun, 06 Nov 1994 08:49:37 GMT";
            if (asked == "/robots.txt") return {response(404, "", "")};
            if (asked.header("If-Modified-Since") == date) return {"HTTP/1.1 304 Not Modified\r\n\r\n"};
            ++sent;
            if (asked == "/undated") return {page({})};
            return {response(200, "Content-Type: text/html\r\nLast-Modified: " + std::string(date) + "\r\n",
                             "<a href=undated>x</a>")};
        };
        const output_file file;
        braid::run_blocking(with_server(answers, [&](test_server& server) -> braid::task<> {
            options o = quick_options(server, file);
            o.refresh = true;  // there is nothing to refresh yet
            co_await crawl_by(o);
            CHECK(sent == 2);
            for (int i = 0; i < 2; ++i) {
                const summary told = co_await crawl_by(o);
                CHECK(told.unchanged == 1);
            }
            CHECK(sent == 4);
        }));
    }

    TEST_CASE("without the option a finished crawl is made anew") {
        site served = small_site();
        const output_file file;
        braid::run_blocking(with_server(served.answers(), [&](test_server& server) -> braid::task<> {
            const options o = quick_options(server, file);
            for (int i = 0; i < 2; ++i) co_await crawl_by(o);
            CHECK(served.confirmed.empty());
            CHECK(served.sent.at("/b") == 2);
        }));
    }

    TEST_CASE("a refresh that was stopped is gone on with as one") {
        site served = small_site();
        const output_file file;
        braid::run_blocking(with_server(served.answers(), [&](test_server& server) -> braid::task<> {
            options o = quick_options(server, file);
            o.concurrency = 1;
            co_await crawl_by(o);
            const std::string before = contents_of(file);
            served.forget();
            o.refresh = true;
            {
                crawler stopped(co_await braid::this_executor(), o);
                served.on_request = [&stopped] { stopped.stop(); };
                co_await stopped.run();
                served.on_request = [] {};
                CHECK(stopped.result().interrupted);
            }
            o.refresh = false;  // what is gone on with stays a refresh
            const summary told = co_await crawl_by(o);
            CHECK(told.resumed > 0);
            CHECK(served.sent.empty());
            for (const auto& [target, times] : served.confirmed) CHECK(times == 1);
            CHECK(contents_of(file) == before);
        }));
    }

    TEST_CASE("a restart drops a refresh that was stopped with what it refreshed") {
        site served = small_site();
        const output_file file;
        braid::run_blocking(with_server(served.answers(), [&](test_server& server) -> braid::task<> {
            options o = quick_options(server, file);
            co_await crawl_by(o);
            o.refresh = true;
            {
                crawler stopped(co_await braid::this_executor(), o);
                served.on_request = [&stopped] { stopped.stop(); };
                co_await stopped.run();
                served.on_request = [] {};
            }
            served.forget();
            o.restart = true;
            const summary told = co_await crawl_by(o);
            CHECK(told.unchanged == 0);
            CHECK(served.sent.size() == 3);
            CHECK(served.confirmed.empty());
        }));
    }
}
