#include <linkcheck/findings.hpp>

#include <crawl/store.hpp>
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/temporary_folder.hpp"

namespace {

using namespace crawl;

discovered_record seen(url_id id, const std::string& path, outcome verdict = outcome::pending) {
    return {id, "http://h" + path, 1, verdict, verdict == outcome::bad_url ? "no host" : ""};
}

finished_record answered(url_id id, int status) { return {.id = id, .how = outcome::fetched, .status = status}; }

finished_record html(url_id id) {
    finished_record page = answered(id, 200);
    page.text_length = 1;
    return page;
}

/// "page link problem kind via" of each.
std::vector<std::string> told(const linkcheck::findings& all) {
    std::vector<std::string> lines;
    for (const linkcheck::finding& f : all.broken) {
        lines.push_back(f.page + " " + f.link + " " + f.problem + " " + f.kind + (f.via.empty() ? "" : " " + f.via));
    }
    return lines;
}

linkcheck::findings findings_of(const std::vector<record>& records) {
    const crawl::testing::temporary_folder folder;
    {
        store s(folder / "c.db");
        s.add(records);
        s.finish();
    }
    database db(folder / "c.db");
    return linkcheck::read_findings(db, "http://h/");
}

}  // namespace

TEST_SUITE("linkcheck/findings") {
    TEST_CASE("a broken link is told in the page that has it, though redirects lie between") {
        const auto all = findings_of({seen(1, "/"), seen(2, "/old"), seen(3, "/gone"), html(1), answered(2, 301),
                                      answered(3, 404), link_record{1, 2, link_kind::a},
                                      link_record{1, 3, link_kind::img}, link_record{2, 3, link_kind::redirect}});
        CHECK(told(all) ==
              std::vector<std::string>{"/index.html /gone status 404 a /old", "/index.html /gone status 404 img"});
        CHECK(all.pages == std::vector<std::string>{"/index.html"});
        CHECK(all.links == 3);
    }

    TEST_CASE("redirects in a circle, what is no URL, and a start that is broken are told") {
        const auto all = findings_of({seen(1, "/"), seen(2, "/a"), seen(3, "/b"), seen(4, ":bad", outcome::bad_url),
                                      seen(5, "/start"), html(1), answered(2, 302), answered(3, 302), answered(5, 500),
                                      link_record{1, 2, link_kind::a}, link_record{2, 3, link_kind::redirect},
                                      link_record{3, 2, link_kind::redirect}, link_record{1, 4, link_kind::a}});
        CHECK(told(all) == std::vector<std::string>{" /start status 500 ", "/index.html /a redirects in a circle a",
                                                    "/index.html http://h:bad bad URL: no host a"});
    }

    TEST_CASE("a start that leads to what is broken is told") {
        const auto all = findings_of({seen(1, "/"), seen(2, "/gone"), answered(1, 301), answered(2, 410),
                                      link_record{1, 2, link_kind::redirect}});
        CHECK(told(all) == std::vector<std::string>{"/index.html /gone status 410 redirect"});
    }

    TEST_CASE("the two URLs of an index.html are one file, and other sites are told in full") {
        const auto all =
            findings_of({seen(1, "/"), seen(2, "/index.html"), seen(3, "/sub/?q"), html(1), html(2), answered(3, 403),
                         discovered_record{4, "http://other/", 1, outcome::timed_out, ""},
                         link_record{1, 3, link_kind::a}, link_record{2, 3, link_kind::a},
                         link_record{2, 4, link_kind::a}, fragment_record{1, 1, "x"}, fragment_record{2, 2, "x"}});
        CHECK(all.pages == std::vector<std::string>{"/index.html"});
        CHECK(told(all) == std::vector<std::string>{"/index.html /index.html#x no such place in the page a",
                                                    "/index.html /sub/index.html?q status 403 a",
                                                    "/index.html http://other/ timed out a"});
    }

    TEST_CASE("what could not be read, or was left out, is told with its reason") {
        const auto ended = [](url_id id, outcome how, std::string detail) {
            return finished_record{.id = id, .how = how, .detail = std::move(detail)};
        };
        const auto all = findings_of(
            {seen(1, "/"), seen(2, "/crash"), seen(3, "/coded"), seen(4, "/large"),
             seen(5, "/deep", outcome::over_depth), seen(6, "/busy"), seen(7, "/late"), seen(8, "/private"),
             seen(9, "/odd", outcome::bad_scheme), discovered_record{10, "http://other/", 1, outcome::out_of_scope, ""},
             html(1), ended(2, outcome::parser_crashed, "signal 11"), ended(3, outcome::bad_encoding, "corrupt"),
             ended(4, outcome::too_large, ""), answered(6, 429), ended(7, outcome::timed_out, ""),
             ended(8, outcome::disallowed, "robots.txt"), link_record{1, 6, link_kind::a}});
        std::vector<std::string> lines;
        for (const linkcheck::unchecked& u : all.not_checked) {
            lines.push_back(u.reason + ", " + u.page + ", " + u.detail + (u.failed ? ", failed" : ""));
        }
        CHECK(lines == std::vector<std::string>{"bad encoding, /coded, corrupt, failed",
                                                "disallowed, /private, robots.txt", "over the depth limit, /deep, ",
                                                "parser crashed, /crash, signal 11, failed", "status 429, /busy, ",
                                                "too large, /large, "});
        CHECK(told(all) == std::vector<std::string>{" /late timed out "});
        CHECK(all.incomplete());
    }

    TEST_CASE("a check that left something out by the user's wish is complete") {
        CHECK_FALSE(findings_of({seen(1, "/"), seen(2, "/deep", outcome::over_depth), html(1)}).incomplete());
    }

    TEST_CASE("a broken fragment is told once in each page that names it") {
        const auto all = findings_of({seen(1, "/"), seen(2, "/moved"), seen(3, "/p"), html(1), answered(2, 301),
                                      html(3), place_record{3, "here"}, link_record{1, 2, link_kind::a},
                                      link_record{2, 3, link_kind::redirect}, fragment_record{2, 3, "lost"},
                                      fragment_record{1, 2, "here"}, fragment_record{1, 3, "gone"}});
        CHECK(told(all) == std::vector<std::string>{"/index.html /p#gone no such place in the page a",
                                                    "/index.html /p#lost no such place in the page a /moved"});
        CHECK(all.fragments == 3);
    }
}
