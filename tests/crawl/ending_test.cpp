// How a crawl begins in a file that is not empty, and comes to its end.

#include <doctest/doctest.h>

#include <crawl/crawler.hpp>

#include <braid/core/deadline.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/this_executor.hpp>

#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>

#include "test_files.hpp"
#include "support/crawling.hpp"
#include "support/temporary_folder.hpp"
#include "support/test_server.hpp"

using namespace crawl;
using namespace crawl::testing;
using namespace std::chrono_literals;

namespace {

const test_server::answer small_site = [](std::string_view target) -> reply {
    if (target == "/") return {page({"a", "missing"})};
    if (target == "/a") return {page({"/"})};
    return {response(404, "", "")};
};

/// Why a crawl by these options cannot even begin.
braid::task<std::string> error_of(options how) {
    try {
        crawler crawling(co_await braid::this_executor(), how);
    } catch (const std::runtime_error& e) {
        co_return e.what();
    }
    co_return "no error";
}

bool has_note(const summary& told, const std::string& words) {
    for (const std::string& note : told.notes) {
        if (note.find(words) != std::string::npos) return true;
    }
    return false;
}

}  // namespace

TEST_SUITE("crawl/ending") {
    TEST_CASE("a crawl that ended before its results were told is told of again, without a fetch") {
        const output_file file;
        braid::run_blocking(with_server(small_site, [&](test_server& server) -> braid::task<> {
            const options o = quick_options(server, file);
            {
                crawler killed(co_await braid::this_executor(), o);
                co_await killed.collect();
                CHECK(killed.result().broken.count == 1);
            }
            const int requests = server.requests();
            CHECK(requests == 4);
            const summary told = co_await crawl_by(o);
            CHECK(server.requests() == requests);
            CHECK(told.broken.count == 1);
            CHECK(told.pages == 0);
            CHECK(told.resumed == 3);
            CHECK_FALSE(told.interrupted);
            co_await crawl_by(o);
            CHECK(server.requests() == 2 * requests);
        }));
    }

    TEST_CASE("what cannot be opened for a new crawl leaves the results of the earlier one alone") {
        const output_file file;
        const temporary_folder folder;
        braid::run_blocking(with_server(small_site, [&](test_server& server) -> braid::task<> {
            options o = quick_options(server, file);
            o.jsonl = folder / "pages.jsonl";
            co_await crawl_by(o);
            const std::string lines = read_file(o.jsonl);
            std::ofstream(folder / "bad.pem") << "no certificate";
            const std::function<void(options&)> mistakes[] = {
                [&](options& wrong) { wrong.jsonl = folder / "none/pages.jsonl"; },
                [&](options& wrong) { wrong.warc = folder / "none/pages.warc"; },
                [&](options& wrong) { wrong.ca_file = folder / "bad.pem"; },
            };
            for (const auto& make : mistakes) {
                options wrong = o;
                make(wrong);
                const std::string error = co_await error_of(wrong);
                CHECK(error != "no error");
                CHECK(query_text(file, "SELECT count(*) || complete FROM pages, crawl") == "31");
                CHECK(read_file(o.jsonl) == lines);
            }
        }));
    }

    TEST_CASE("that another site's complete crawl is replaced is told, and not that the same one's is") {
        const output_file file;
        braid::run_blocking(with_server(small_site, [&](test_server& server) -> braid::task<> {
            options o = quick_options(server, file);
            const std::string first(o.seeds[0].text());
            for (int i = 0; i < 2; ++i) {
                const summary told = co_await crawl_by(o);
                CHECK(told.notes.empty());
            }
            for (const bool refresh : {false, true}) {
                o.refresh = refresh;
                o.seeds = {*parse_url(server.url(refresh ? "/a" : "/missing"))};
                const summary told = co_await crawl_by(o);
                CHECK(has_note(told, " held a complete crawl of " + (refresh ? server.url("/missing") : first) +
                                         ", which this one replaces"));
            }
        }));
    }

    TEST_CASE("the file can be read while the crawl runs") {
        const output_file file;
        int read = 0;
        const test_server::answer site = [&](std::string_view target) {
            CHECK(query_text(file, "SELECT complete FROM crawl") == "0");
            ++read;
            return small_site({{target}, {}, 1});
        };
        braid::run_blocking(with_server(site, [&](test_server& server) -> braid::task<> {
            co_await crawl_by(quick_options(server, file));
            CHECK(query_text(file, "SELECT complete FROM crawl") == "1");
        }));
        CHECK(read == 4);
    }

    TEST_CASE("a crawl of which only the last URL is left, and fails, is no failure of the whole") {
        crawler* running = nullptr;
        const test_server::answer site = [&running](std::string_view target) -> reply {
            if (target == "/robots.txt") return {response(404, "", "")};
            if (target == "/last") return {"", then::close};
            running->stop();
            return {page({"last"})};
        };
        const output_file file;
        braid::run_blocking(with_server(site, [&](test_server& server) -> braid::task<> {
            options o = quick_options(server, file);
            o.retries = 0;
            for (const bool again : {false, true}) {
                crawler crawling(co_await braid::this_executor(), o);
                running = &crawling;
                co_await crawling.run();
                CHECK(crawling.result().interrupted != again);
                CHECK(crawling.total_failure().empty());
            }
            CHECK(pages_in(file, server).at("/last").outcome == "network error");
        }));
    }

    TEST_CASE("a start that redirects out of scope is told with what to do about it") {
        const test_server::answer away = [](std::string_view target) -> reply {
            if (target == "/robots.txt") return {response(404, "", "")};
            const bool at_start = target == "/";
            return {response(301, at_start ? "Location: /moved\r\n" : "Location: http://www.example.org/x\r\n", "")};
        };
        crawl_and_check(away, no_changes, parse_page, [](const auto& pages, const summary& told) {
            CHECK(pages.at("http://www.example.org/x").outcome == "out of scope");
            CHECK(has_note(told,
                           "/moved redirects to http://www.example.org/x, which is out of scope: start there, or give "
                           "--include-hosts www.example.org"));
        });
        const test_server::answer elsewhere = [](std::string_view target) -> reply {
            if (target == "/") return {page({"moved"})};
            return {response(301, "Location: http://www.example.org/x\r\n", "")};
        };
        const auto ignore = [](options& o) { o.ignore_robots = true; };
        crawl_and_check(elsewhere, ignore, parse_page,
                        [](const auto&, const summary& told) { CHECK(told.notes.empty()); });
    }

    TEST_CASE("a crawl that is stopped does not wait for what only waits for its turn, and that is gone on with") {
        crawler* running = nullptr;
        const test_server::answer site = [&running](std::string_view target) -> reply {
            if (target != "/robots.txt") return {page({"a"})};
            if (running != nullptr) running->stop();
            return {response(200, "", "User-agent: *\nCrawl-delay: 600\n")};
        };
        const output_file file;
        braid::run_blocking(with_server(site, [&](test_server& server) -> braid::task<> {
            options o = quick_options(server, file);
            o.longest_crawl_delay = 10min;
            {
                crawler crawling(co_await braid::this_executor(), o);
                running = &crawling;
                co_await braid::fail_after(1min, crawling.run());
                running = nullptr;
                CHECK(crawling.result().interrupted);
                CHECK(crawling.now().in_flight == 0);
            }
            CHECK(pages_in(file, server).at("/").outcome == "cancelled");
            o.longest_crawl_delay = 1ms;
            co_await crawl_by(o);
            CHECK(pages_in(file, server).at("/a").outcome == "fetched");
        }));
    }
}
