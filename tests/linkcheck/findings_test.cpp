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
