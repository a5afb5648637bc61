// Crawls of sites whose robots.txt names sitemaps.

#include <doctest/doctest.h>

#include <crawl/crawler.hpp>

#include <functional>
#include <string>

#include "support/crawling.hpp"
#include "support/test_server.hpp"

using namespace crawl;
using namespace crawl::testing;

namespace {

constexpr std::string_view xml = "Content-Type: application/xml\r\n";

std::string entry(std::string_view target) { return "<url><loc>" + std::string(target) + "</loc></url>"; }

/// robots.txt names an index, which names a sitemap that is gzipped, which names what no page links to.
reply with_sitemaps(std::string_view target) {
    if (target == "/robots.txt")
        return {response(200, "", "Sitemap: /index.xml\nSitemap: http://elsewhere.example/s.xml\n")};
    if (target == "/") return {page({"linked"})};
    if (target == "/index.xml") {
        return {response(200, xml, "<sitemapindex><sitemap><loc>/s.xml.gz</loc></sitemap></sitemapindex>")};
    }
    if (target == "/s.xml.gz") {
        const std::string map =
            "<urlset>" + entry("/orphan") + entry("/gone") + entry("http://other.example/") + "</urlset>";
        return {response(200, "Content-Type: application/octet-stream\r\n", gzip(map))};
    }
    if (target == "/gone") return {response(404, "", "")};
    return {page({})};
}

}  // namespace

TEST_SUITE("crawl/sitemaps") {
    TEST_CASE("pages that only a sitemap names are found, and those that are not there are broken links of it") {
        crawl_and_check(with_sitemaps, no_changes, parse_page, [](const auto& pages, const summary& told) {
            CHECK(pages.at("/index.xml").outcome == "fetched");
            CHECK(pages.at("/s.xml.gz").outcome == "fetched");
            CHECK(pages.at("/orphan").outcome == "fetched");
            CHECK(pages.at("http://other.example/").outcome == "out of scope");
            CHECK(pages.at("http://elsewhere.example/s.xml").outcome == "out of scope");
            REQUIRE(told.broken.first.size() == 1);
            REQUIRE(told.broken.first[0].referrers.size() == 1);
            CHECK(told.broken.first[0].referrers[0].ends_with("/s.xml.gz"));
        });
    }

    TEST_CASE("a sitemap is as far from the start as a start URL, and so are the sitemaps of an index") {
        const auto near = [](options& o) { o.max_depth = 1; };
        crawl_and_check(with_sitemaps, near, parse_page,
                        [](const auto& pages, const summary&) { CHECK(pages.at("/orphan").outcome == "fetched"); });
        const auto here = [](options& o) { o.max_depth = 0; };
        crawl_and_check(with_sitemaps, here, parse_page, [](const auto& pages, const summary&) {
            CHECK(pages.at("/orphan").outcome == "over the depth limit");
        });
    }

    TEST_CASE("they are left alone when the user wants that, and where robots.txt is not read") {
        const auto without = [](options& o) { o.sitemaps = false; };
        const auto ignoring = [](options& o) { o.ignore_robots = true; };
        for (const auto& adjust : {std::function<void(options&)>(without), std::function<void(options&)>(ignoring)}) {
            crawl_and_check(with_sitemaps, adjust, parse_page, [](const auto& pages, const summary&) {
                CHECK(pages.size() == 2);
                CHECK(pages.at("/linked").outcome == "fetched");
            });
        }
    }

    TEST_CASE("indexes of indexes are followed only so far") {
        const test_server::answer endless = [](std::string_view target) -> reply {
            if (target == "/robots.txt") return {response(200, "", "Sitemap: /1.xml\n")};
            if (target == "/") return {page({})};
            const int number = std::stoi(std::string(target.substr(1)));
            return {response(
                200, xml,
                "<sitemapindex><sitemap><loc>/" + std::to_string(number + 1) + ".xml</loc></sitemap></sitemapindex>")};
        };
        const auto adjust = [](options& o) { o.max_redirects = 3; };
        crawl_and_check(endless, adjust, parse_page, [](const auto& pages, const summary&) {
            CHECK(pages.at("/4.xml").outcome == "fetched");
            CHECK(pages.at("/5.xml").outcome == "too many redirects");
            CHECK(pages.count("/6.xml") == 0);
        });
    }
}
