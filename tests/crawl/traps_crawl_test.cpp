#include <doctest/doctest.h>

#include <crawl/crawler.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <string>

#include "support/crawling.hpp"
#include "support/test_server.hpp"

using namespace crawl;
using namespace crawl::testing;

namespace {

using pages_of_site = std::map<std::string, row>;

std::size_t fetched_in(const pages_of_site& pages) {
    return static_cast<std::size_t>(
        std::count_if(pages.begin(), pages.end(), [](const auto& p) { return p.second.outcome == "fetched"; }));
}

/// The reason of the one page that was taken for a trap.
std::string reason(const pages_of_site& pages) {
    const auto is_trap = [](const auto& p) { return p.second.outcome == "trap"; };
    const auto found = std::find_if(pages.begin(), pages.end(), is_trap);
    return found == pages.end() ? "no trap" : found->second.detail;
}

/// Crawls a site whose page leads on to what `next` makes of its target, for ever.
void crawl_endless(const std::function<std::string(const std::string&)>& next,
                   const std::function<void(options&)>& adjust,
                   const std::function<void(const pages_of_site&, const summary&)>& check) {
    const test_server::answer site = [&next](std::string_view target) -> reply {
        if (target == "/robots.txt") return {response(404, "", "")};
        return {
            response(200, "Content-Type: text/html\r\n",
                     "<title>" + std::string(target) + "</title><a href=\"" + next(std::string(target)) + "\">x</a>")};
    };
    crawl_and_check(site, adjust, parse_page, check);
}

int number_at_end(const std::string& target) {
    const std::size_t at = target.find_last_not_of("0123456789") + 1;
    return at == target.size() ? 0 : std::stoi(target.substr(at));
}

}  // namespace

TEST_SUITE("crawl/traps") {
    TEST_CASE("a site whose relative links go deeper and deeper comes to an end") {
        crawl_endless([](const std::string&) { return "x/"; }, no_changes,
                      [](const auto& pages, const summary&) {
                          CHECK(reason(pages) == "its path has \"x\" more than 4 times");
                          CHECK(fetched_in(pages) == 5);
                      });
        crawl_endless([](const std::string& at) { return std::to_string(at.size()) + "/"; }, no_changes,
                      [](const auto& pages, const summary&) {
                          CHECK(reason(pages) == "its path has 33 segments");
                          CHECK(fetched_in(pages) == 33);
                      });
        crawl_endless([](const std::string& at) { return at + std::string(300, 'y'); }, no_changes,
                      [](const auto& pages, const summary&) { CHECK(fetched_in(pages) == 7); });
    }

    TEST_CASE("a calendar comes to an end") {
        const auto now =
            std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()));
        const int this_year = static_cast<int>(now.year());
        const auto next = [this_year](const std::string& at) {
            const int year = at == "/" ? this_year : std::stoi(at.substr(1, 4)) + 1;
            return "/" + std::to_string(year) + "/01/";
        };
        crawl_endless(next, no_changes, [](const auto& pages, const summary&) {
            CHECK(fetched_in(pages) == 12);
            CHECK(reason(pages).ends_with("more than 10 years from now"));
        });
    }

    TEST_CASE("parameters that change for ever come to an end, and so do those that are added") {
        const auto session = [](const std::string& at) { return "/?session=" + std::to_string(number_at_end(at) + 1); };
        crawl_endless(
            session, [](options& o) { o.traps.queries_of_path = 20; },
            [](const auto& pages, const summary&) {
                CHECK(fetched_in(pages) == 21);
                CHECK(reason(pages) == "more than 20 URLs differ in their query alone");
            });
        const auto added = [](const std::string& at) { return at + (at == "/" ? "?" : "&") + "sort=up"; };
        crawl_endless(added, no_changes, [](const auto& pages, const summary&) {
            CHECK(fetched_in(pages) == 5);
            CHECK(reason(pages) == "its query has \"sort=up\" more than 4 times");
        });
    }

    TEST_CASE("a host has its budget, and a crawl its depth") {
        const auto numbered = [](const std::string& at) { return "/" + std::to_string(number_at_end(at) + 1); };
        crawl_endless(
            numbered, [](options& o) { o.traps.urls_of_host = 30; },
            [](const auto& pages, const summary&) {
                CHECK(fetched_in(pages) == 30);
                CHECK(reason(pages) == "its host has more than 30 URLs");
            });
        crawl_endless(
            numbered, [](options& o) { o.max_depth = 8; },
            [](const auto& pages, const summary&) { CHECK(fetched_in(pages) == 9); });
    }

    TEST_CASE("only so many pages of the same content are followed, but what other pages refer to is fetched") {
        const test_server::answer site = [](std::string_view target) -> reply {
            if (target == "/robots.txt") return {response(404, "", "")};
            if (target == "/") return {page({"1/", "good"})};
            if (target == "/good") return {page({"/1/x/x/x/"})};
            return {page({"x/"})};  // the same bytes everywhere
        };
        const auto adjust = [](options& o) {
            o.traps.copies = 2;
            o.concurrency = 1;  // which are the first two is then known
        };
        crawl_and_check(site, adjust, parse_page, [](const auto& pages, const summary& told) {
            CHECK(pages.size() == 7);
            CHECK(pages.at("/1/x/x/").outcome == "fetched");
            CHECK(pages.at("/1/x/x/x/").outcome == "fetched");
            CHECK(pages.at("/1/x/x/x/x/").outcome == "only on copies");
            CHECK(told.outcomes[static_cast<std::size_t>(outcome::only_on_copies)] == 1);
        });
    }
}
