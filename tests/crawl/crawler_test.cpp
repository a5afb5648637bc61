#include <doctest/doctest.h>

#include <crawl/crawler.hpp>

#include <braid/core/spawn.hpp>
#include <braid/core/this_executor.hpp>

#include <unistd.h>

#include <csignal>
#include <map>
#include <stdexcept>
#include <string>

#include "support/crawling.hpp"
#include "support/test_server.hpp"

using namespace crawl;
using namespace crawl::testing;
using namespace std::chrono_literals;

// What the workers run.
namespace {

/// A parser with its share of bugs: what it does depends on the page.
parsed_page buggy_parser(const document& doc) {
    std::signal(SIGSEGV, SIG_DFL);  // sanitizers install handlers of their own
    if (doc.url.ends_with("/crash")) std::raise(SIGSEGV);
    if (doc.url.ends_with("/killed")) std::raise(SIGKILL);
    if (doc.url.ends_with("/throw-odd")) throw 5;
    if (doc.url.ends_with("/throw")) throw std::runtime_error("cannot make sense of it");
    while (doc.url.ends_with("/hang")) ::pause();
    parsed_page found = parse_page(doc);
    if (doc.url.ends_with("/greedy")) found.extracts.push_back({"all", std::string(std::size_t{65} << 20U, 'x')});
    return found;
}

}  // namespace

TEST_SUITE("crawl/crawler") {
    TEST_CASE("every page is found, once, with links to what is broken") {
        const test_server::answer site = [](std::string_view target) -> reply {
            if (target == "/") return {page({"a", "b", "missing", "mailto:x@y.example"})};
            if (target == "/a") return {page({"/", "b", "missing#part"})};
            if (target == "/b") return {response(200, "Content-Type: text/css\r\n", "a { background: url(i.png) }")};
            if (target == "/i.png") return {response(200, "Content-Type: image/png\r\n", "png")};
            return {response(404, "", "")};
        };
        crawl_and_check(site, no_changes, parse_page, [](const auto& pages, const summary& told) {
            CHECK(pages.size() == 6);
            CHECK(pages.at("/i.png").outcome == "fetched");
            CHECK(pages.at("/missing").status == 404);
            CHECK(told.pages == 5);
            REQUIRE(told.broken.first.size() == 1);
            CHECK(told.broken.first[0].referrers.size() == 2);
            CHECK(told.worker_cpu.count() > 0);
        });
    }

    TEST_CASE("a page that crashes, hangs or fails the parser costs itself and nothing else") {
        const test_server::answer site = [](std::string_view target) -> reply {
            if (target == "/") return {page({"crash", "hang", "throw", "killed", "greedy", "good"})};
            if (target == "/good") return {page({"end"})};
            return {page({})};
        };
        const auto adjust = [](options& o) { o.parse_timeout = 1s; };
        crawl_and_check(site, adjust, buggy_parser, [](const auto& pages, const summary& told) {
            CHECK(pages.at("/crash").outcome == "parser crashed");
            CHECK_MESSAGE(pages.at("/crash").detail.find("signal 11") != std::string::npos, pages.at("/crash").detail);
            CHECK(pages.at("/killed").outcome == "parser crashed");
            CHECK_MESSAGE(pages.at("/killed").detail.find("3 times") == 0, pages.at("/killed").detail);
            CHECK(pages.at("/hang").outcome == "parser hung");
            CHECK(pages.at("/throw").outcome == "parser failed");
            CHECK(pages.at("/throw").detail == "cannot make sense of it");
            CHECK(pages.at("/greedy").outcome == "parser failed");
            CHECK_MESSAGE(pages.at("/greedy").detail.find("more than 67108864") != std::string::npos,
                          pages.at("/greedy").detail);
            CHECK(pages.at("/good").outcome == "fetched");
            CHECK(pages.at("/end").outcome == "fetched");
            CHECK(pages.at("/crash").status == 200);
            CHECK(told.pages == 8);
        });
    }

    TEST_CASE("without workers the crawler parses by itself, and a page that the parser cannot read costs itself") {
        const test_server::answer site = [](std::string_view target) -> reply {
            if (target == "/") return {page({"throw", "throw-odd", "good"})};
            if (target == "/good") return {page({"end"})};
            return {page({})};
        };
        const auto adjust = [](options& o) { o.workers = 0; };
        crawl_and_check(site, adjust, buggy_parser, [](const auto& pages, const summary& told) {
            CHECK(pages.at("/throw").outcome == "parser failed");
            CHECK(pages.at("/throw").detail == "cannot make sense of it");
            CHECK(pages.at("/throw-odd").outcome == "parser failed");
            CHECK(pages.at("/end").outcome == "fetched");
            CHECK(told.pages == 5);
        });
    }

    TEST_CASE("redirects are followed, in circles and endlessly only so far") {
        const test_server::answer site = [](std::string_view target) -> reply {
            if (target == "/") return {page({"moved", "circle1", "hop0"})};
            if (target == "/moved") return {response(301, "Location: there\r\n", "")};
            if (target == "/there") return {page({"found"})};
            if (target == "/circle1") return {response(302, "Location: /circle2\r\n", "")};
            if (target == "/circle2") return {response(302, "Location: /circle1\r\n", "")};
            if (target.starts_with("/hop")) {
                const int hop = std::stoi(std::string(target.substr(4)));
                return {response(307, "Location: /hop" + std::to_string(hop + 1) + "\r\n", "")};
            }
            return {page({})};
        };
        const auto adjust = [](options& o) { o.max_redirects = 3; };
        crawl_and_check(site, adjust, parse_page, [](const auto& pages, const summary&) {
            CHECK(pages.at("/found").outcome == "fetched");
            CHECK(pages.at("/circle2").outcome == "fetched");
            CHECK(pages.at("/hop3").outcome == "fetched");
            CHECK(pages.at("/hop4").outcome == "too many redirects");
            CHECK(pages.count("/hop5") == 0);
        });
    }

    TEST_CASE("ten redirects in a row are followed unless told otherwise, and an eleventh is not") {
        const test_server::answer site = [](std::string_view target) -> reply {
            if (target == "/robots.txt") return {response(404, "", "")};
            if (target == "/") return {page({"ten/10", "eleven/11"})};
            const std::size_t slash = target.rfind('/') + 1;
            const int left = std::stoi(std::string(target.substr(slash)));
            if (left == 0) return {page({})};
            const std::string next = std::string(target.substr(0, slash)) + std::to_string(left - 1);
            return {response(302, "Location: " + next + "\r\n", "")};
        };
        crawl_and_check(site, no_changes, parse_page, [](const auto& pages, const summary&) {
            CHECK(pages.at("/ten/0").outcome == "fetched");
            CHECK(pages.at("/ten/0").status == 200);
            CHECK(pages.at("/eleven/1").outcome == "fetched");
            CHECK(pages.at("/eleven/0").outcome == "too many redirects");
        });
    }

    TEST_CASE("a crawl that is stopped ends what is in flight and gives the rest up by name") {
        crawler* running = nullptr;
        const test_server::answer site = [&running](std::string_view target) -> reply {
            if (target == "/") return {page({"a", "b", "c", "d"})};
            if (target != "/robots.txt") running->stop();
            return {page({})};
        };
        const output_file file;
        const auto work = [&](test_server& server) -> braid::task<> {
            options o = quick_options(server, file);
            o.concurrency = 2;
            {
                crawler crawling(co_await braid::this_executor(), o);
                running = &crawling;
                co_await crawling.run();
                CHECK(crawling.result().interrupted);
            }
            const auto pages = pages_in(file, server);
            CHECK(pages.at("/a").outcome == "fetched");
            CHECK(pages.at("/b").outcome == "fetched");
            CHECK(pages.at("/c").outcome == "cancelled");
            CHECK(pages.at("/d").outcome == "cancelled");
        };
        braid::run_blocking(with_server(site, work));
    }

    TEST_CASE("a site that cannot be reached is a failure of the whole, with its reason") {
        const output_file file;
        std::string failure;
        braid::run_blocking([](const output_file& to, std::string& told) -> braid::task<> {
            options o;
            o.seeds.push_back(*parse_url(unreachable_url()));
            o.output = to.path;
            o.allow_private = true;
            o.retry_delay = 1ms;
            crawler crawling(co_await braid::this_executor(), o);
            co_await crawling.run();
            told = crawling.total_failure();
        }(file, failure));
        CHECK_MESSAGE(failure.find("connection refused") != std::string::npos, failure);
    }

    TEST_CASE("what a site asks crawlers to leave alone is left alone, unless told otherwise") {
        const test_server::answer site = [](std::string_view target) -> reply {
            if (target == "/robots.txt") return {response(200, "", "User-agent: *\nDisallow: /no\n")};
            if (target == "/") {
                return {response(200, "Content-Type: text/html\r\n",
                                 "<a href=no>x</a><a href=a rel=nofollow>x</a><a href=b rel='external nofollow'>x</a>"
                                 "<a href=c>x</a><a href=d>x</a>")};
            }
            if (target == "/c") {
                return {response(200, "Content-Type: text/html\r\n",
                                 "<meta name=Robots content='noindex, NoFollow'><a href=from-c>x</a>")};
            }
            if (target == "/d") {
                return {response(200, "Content-Type: text/html\r\nX-Robots-Tag: noindex\r\nX-Robots-Tag: nofollow\r\n",
                                 "<a href=from-d>x</a>")};
            }
            return {page({"/b"})};
        };
        crawl_and_check(site, no_changes, parse_page, [](const auto& pages, const summary& told) {
            CHECK(pages.at("/no").outcome == "disallowed");
            for (const char* target : {"/a", "/b", "/from-c", "/from-d"}) CHECK(pages.at(target).outcome == "nofollow");
            CHECK(pages.size() == 8);
            CHECK(told.broken.count == 0);
        });
        const auto ignore = [](options& o) { o.ignore_robots = true; };
        crawl_and_check(site, ignore, parse_page, [](const auto& pages, const summary&) {
            for (const auto& [target, page] : pages) CHECK(page.outcome == "fetched");
            CHECK(pages.size() == 8);
        });
    }

    TEST_CASE("what a header asks of another crawler is not asked of this one") {
        const test_server::answer site = [](std::string_view target) -> reply {
            if (target == "/robots.txt") return {response(404, "", "")};
            return {
                response(200, "Content-Type: text/html\r\nX-Robots-Tag: googlebot: nofollow\r\n", "<a href=a>x</a>")};
        };
        crawl_and_check(site, no_changes, parse_page,
                        [](const auto& pages, const summary&) { CHECK(pages.at("/a").outcome == "fetched"); });
    }

    TEST_CASE("a page is fetched once some page lets it be followed") {
        const test_server::answer site = [](std::string_view target) -> reply {
            if (target == "/robots.txt") return {response(404, "", "")};
            if (target == "/") {
                return {response(200, "Content-Type: text/html\r\n", "<a href=a rel=nofollow>x</a><a href=b>x</a>")};
            }
            return {page({"/a"})};
        };
        crawl_and_check(site, no_changes, parse_page, [](const auto& pages, const summary& told) {
            CHECK(pages.at("/a").outcome == "fetched");
            CHECK(told.outcomes[static_cast<std::size_t>(outcome::nofollow)] == 0);
        });
    }

    TEST_CASE("a crawl that was stopped is gone on with, and nothing is fetched twice") {
        crawler* running = nullptr;
        std::map<std::string, int> asked;
        const test_server::answer site = [&](std::string_view target) -> reply {
            if (target == "/robots.txt") return {response(404, "", "")};
            ++asked[std::string(target)];
            if (target == "/") return {page({"a", "b", "c", "d"})};
            if (asked.size() == 2) running->stop();
            return {page({"/", "e"})};
        };
        const output_file file;
        braid::run_blocking(with_server(site, [&](test_server& server) -> braid::task<> {
            options o = quick_options(server, file);
            o.concurrency = 1;
            for (const bool again : {false, true}) {
                crawler crawling(co_await braid::this_executor(), o);
                running = &crawling;
                co_await crawling.run();
                CHECK(crawling.result().interrupted != again);
                CHECK(crawling.result().resumed == (again ? 2 : 0));
            }
            const auto pages = pages_in(file, server);
            CHECK(pages.size() == 6);
            for (const auto& [target, page] : pages) CHECK(page.outcome == "fetched");
        }));
        for (const auto& [target, times] : asked) CHECK(times == 1);
    }
}
