#include <crawl/robots_directives.hpp>
#include <crawl/robots_rules.hpp>

#include <doctest/doctest.h>

#include <string>

using crawl::robots_rules;
using namespace std::chrono_literals;

namespace {

bool allows(std::string_view text, std::string_view target) { return robots_rules(text, "braid-crawl").allows(target); }

}  // namespace

TEST_SUITE("crawl/robots_rules") {
    TEST_CASE("without rules everything is allowed, and robots.txt always is") {
        CHECK(robots_rules().allows("/x"));
        CHECK(allows("", "/x"));
        CHECK(allows("User-agent: *\nDisallow:\n", "/x"));
        CHECK_FALSE(allows("User-agent: *\nDisallow: /\n", "/x"));
        CHECK(allows("User-agent: *\nDisallow: /\n", "/robots.txt"));
        CHECK(allows("<!DOCTYPE html><p>not found", "/x"));
        CHECK(allows("Disallow: /\n", "/x"));
    }

    TEST_CASE("a group that names the crawler counts instead of those for all, and all that name it count") {
        const std::string_view text =
            "User-agent: *\nDisallow: /\n\nUser-Agent: Braid-Crawl/2.0\nDisallow: /a\n\nuser-agent: other\n"
            "user-agent: braid-crawl\ndisallow: /b\n";
        CHECK(allows(text, "/x"));
        CHECK_FALSE(allows(text, "/a"));
        CHECK_FALSE(allows(text, "/b"));
        CHECK_FALSE(robots_rules(text, "somebody").allows("/x"));
        CHECK_FALSE(robots_rules(text, "braid").allows("/x"));
        CHECK(allows("User-agent: *\nDisallow: /\nUser-agent: braid-crawl\n", "/x"));
    }

    TEST_CASE("the longest pattern decides, and of equal ones that which allows") {
        const std::string_view text =
            "User-agent: *\nDisallow: /a\nAllow: /a/b\nDisallow: /a/b/c\nAllow: /e\nDisallow: /e\n";
        CHECK_FALSE(allows(text, "/a/x"));
        CHECK(allows(text, "/a/bx"));
        CHECK_FALSE(allows(text, "/a/b/c"));
        CHECK(allows(text, "/e"));
        CHECK(allows("User-agent: *\nAllow: /p\nDisallow: /", "/page"));
        CHECK_FALSE(allows("User-agent: *\nAllow: /page\nDisallow: /*.htm", "/page.htm"));
        CHECK(allows("User-agent: *\nAllow: /$\nDisallow: /", "/"));
        CHECK_FALSE(allows("User-agent: *\nAllow: /$\nDisallow: /", "/page.htm"));
    }

    TEST_CASE("stars stand for anything, a dollar for the end") {
        CHECK_FALSE(allows("User-agent: *\nDisallow: /*.php$", "/a/b.php"));
        CHECK(allows("User-agent: *\nDisallow: /*.php$", "/a/b.php?x"));
        CHECK_FALSE(allows("User-agent: *\nDisallow: /*.php", "/a/b.php?x"));
        CHECK_FALSE(allows("User-agent: *\nDisallow: /*/*/c", "/a/b/c"));
        CHECK(allows("User-agent: *\nDisallow: /*/*/c", "/a/c"));
        CHECK_FALSE(allows("User-agent: *\nDisallow: *x*y$", "/x/xy/y"));
        CHECK_FALSE(allows("User-agent: *\nDisallow: /fish", "/fishheads/yummy.html"));
        CHECK(allows("User-agent: *\nDisallow: /fish", "/Fish.asp"));
        CHECK(allows("User-agent: *\nDisallow: /fish/", "/fish"));
    }

    TEST_CASE("a hostile pattern takes no exponential time") {
        std::string stars = "User-agent: *\nDisallow: /";
        for (int i = 0; i < 500; ++i) stars += "*a";
        CHECK(allows(stars + "$", "/" + std::string(2000, 'a') + "b"));
    }

    TEST_CASE("rules that take too long to match together let nothing through, and others are matched to the end") {
        const auto ruling_of = [](int rules, std::size_t length) {
            std::string text = "User-agent: *\n";
            for (int i = 0; i < rules; ++i) text += "Disallow: *" + std::string(20, 'a') + std::to_string(i) + "b\n";
            return robots_rules(text, "braid-crawl").judge("/" + std::string(length, 'a'));
        };
        CHECK(ruling_of(500, 100) == crawl::ruling::allowed);
        CHECK(ruling_of(20, 2000) == crawl::ruling::allowed);
        CHECK(ruling_of(500, 2000) == crawl::ruling::too_costly);
        std::string plain = "User-agent: *\n";
        for (int i = 0; i < 15'000; ++i) plain += "Disallow: /some/folder/" + std::to_string(i) + "/\n";
        CHECK(robots_rules(plain, "braid-crawl").judge("/some/folder/x") == crawl::ruling::allowed);
        CHECK(robots_rules(plain, "braid-crawl").judge("/some/folder/7/") == crawl::ruling::disallowed);
    }

    TEST_CASE("of more rules than are kept nothing is known, and only so many sitemaps are named") {
        std::string text = "User-agent: *\n";
        for (std::size_t i = 0; i <= robots_rules::most_rules; ++i) text += "Disallow: /x\nSitemap: /y\n";
        CHECK(robots_rules(text, "braid-crawl").judge("/") == crawl::ruling::too_costly);
        CHECK(robots_rules(text, "braid-crawl").judge("/robots.txt") == crawl::ruling::allowed);
        CHECK(robots_rules(text, "braid-crawl").sitemaps().size() == robots_rules::most_sitemaps);
        const std::string long_rule = "Disallow: /" + std::string(robots_rules::most_text / 3 + 1, '\xc3') + "\n";
        CHECK(robots_rules("User-agent: *\n" + long_rule, "braid-crawl").judge("/") == crawl::ruling::too_costly);
        CHECK(robots_rules("User-agent: other\n" + long_rule, "braid-crawl").judge("/") == crawl::ruling::allowed);
    }

    TEST_CASE("escapes are compared by what they mean") {
        CHECK_FALSE(allows("User-agent: *\nDisallow: /foo/bar/\xe3\x83\x84", "/foo/bar/%E3%83%84"));
        CHECK_FALSE(allows("User-agent: *\nDisallow: /foo/bar/%e3%83%84", "/foo/bar/%E3%83%84"));
        CHECK_FALSE(allows("User-agent: *\nDisallow: /%7Ejoe", "/~joe/"));
        CHECK_FALSE(allows("User-agent: *\nDisallow: /a%2Ab", "/a*b"));
        CHECK(allows("User-agent: *\nDisallow: /a%2Ab", "/aXb"));
        CHECK(allows("User-agent: *\nDisallow: /a%2Fb", "/a/b"));
    }

    TEST_CASE("comments, blanks, ends of lines and unknown lines change nothing") {
        const std::string_view text =
            "\xef\xbb\xbf# a comment\r\nUser-agent : * # all\r\n\r\nhost: x\r\n  Disallow:/a # here\r\rDisallow: /b";
        CHECK_FALSE(allows(text, "/a"));
        CHECK_FALSE(allows(text, "/b"));
        CHECK(allows(text, "/c"));
    }

    TEST_CASE("a delay belongs to its group, sitemaps to nobody") {
        const std::string_view text =
            "Sitemap: http://h/1.xml\nUser-agent: a\nCrawl-delay: 2.5\nUser-agent: *\nCrawl-delay: 10\nsitemap: "
            "/2.xml\n";
        CHECK(robots_rules(text, "a").crawl_delay() == 2500ms);
        CHECK(robots_rules(text, "b").crawl_delay() == 10s);
        CHECK(robots_rules(text, "a").sitemaps() == std::vector<std::string>{"http://h/1.xml", "/2.xml"});
        CHECK_FALSE(robots_rules("User-agent: *\nCrawl-delay: soon", "a").crawl_delay());
        CHECK_FALSE(robots_rules("User-agent: *\nCrawl-delay: -1", "a").crawl_delay());
    }

    TEST_CASE("the product token ends where it must") {
        CHECK(crawl::product_token("braid-crawl") == "braid-crawl");
        CHECK(crawl::product_token("My_Bot/1.0 (+http://x)") == "My_Bot");
        CHECK(crawl::product_token("").empty());
    }

    TEST_CASE("a header asks the crawler that it names, and all if it names none") {
        const auto asks = [](std::string_view lines) { return crawl::header_asks_nofollow(lines, "Braid-Crawl"); };
        for (const char* text :
             {"nofollow\n", "noindex\nNoFollow\n", "braid-crawl: nofollow\n", "*: none\n",
              "googlebot: noindex\nnofollow\n", "googlebot: noindex, braid-crawl: nofollow\n",
              "unavailable_after: 25 Jun 2010 15:00:00 PST, nofollow\n", "braid-crawl: noindex, nofollow"}) {
            CAPTURE(text);
            CHECK(asks(text));
        }
        for (const char* text : {"", "\n", "googlebot: nofollow\n", "googlebot: noindex, nofollow\nnoindex\n",
                                 "max-snippet: 20\n", "braid: nofollow\n"}) {
            CAPTURE(text);
            CHECK_FALSE(asks(text));
        }
    }

    TEST_CASE("a page asks not to be followed in more than one way") {
        for (const char* text : {"nofollow", "noindex, NOFOLLOW", "none", "googlebot: nofollow", "external nofollow"}) {
            CAPTURE(text);
            CHECK(crawl::asks_nofollow(text));
        }
        for (const char* text : {"", "noindex", "follow", "dofollow", "nofollows", "noopener noreferrer"}) {
            CAPTURE(text);
            CHECK_FALSE(crawl::asks_nofollow(text));
        }
    }
}
