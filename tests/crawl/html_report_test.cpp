#include <crawl/bar_chart.hpp>
#include <crawl/html_report.hpp>
#include <crawl/store.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "test_files.hpp"
#include "support/temporary_folder.hpp"

namespace {

using namespace crawl;
using crawl::testing::temporary_folder;

std::string report_of(const std::vector<record>& records, bool complete = true) {
    const temporary_folder folder;
    {
        store s(folder / "c.db");
        s.add(records);
        s.finish(complete);
    }
    write_html_report(folder / "c.db", folder / "report.html");
    return read_file(folder / "report.html");
}

finished_record answered(url_id id, int status) {
    finished_record r{.id = id, .how = outcome::fetched, .status = status, .type = "text/html"};
    r.took = std::chrono::milliseconds(12);
    r.bytes = 100;
    return r;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_SUITE("crawl/html_report") {
    TEST_CASE("the report tells what is broken and where, with charts") {
        const std::string page = report_of({discovered_record{1, "http://h/", 0, outcome::pending, ""},
                                            discovered_record{2, "http://h/gone", 1, outcome::pending, ""},
                                            answered(1, 200), answered(2, 404), link_record{1, 2, link_kind::img}});
        CHECK(has(page, "2 URLs known, 2 answered, 1 broken"));
        CHECK(has(page,
                  "<td><a href=\"http://h/gone\" rel=\"noreferrer\">http://h/gone</a></td><td>404</td>"
                  "<td><a href=\"http://h/\" rel=\"noreferrer\">http://h/</a></td><td>img</td>"));
        for (const char* chart : {"URLs by outcome", "Time of fetches", "Bytes by type", "Pages by depth"}) {
            CHECK_MESSAGE(has(page, std::string("<figcaption>") + chart), chart);
        }
        CHECK_FALSE(has(page, "not complete"));
    }

    TEST_CASE("it runs and loads nothing, and what comes from a page is text in it") {
        const std::string page =
            report_of({discovered_record{1, "javascript:alert(1)//<script>", 0, outcome::bad_url, "\"><img src=x>\xFF"},
                       discovered_record{2, "http://h/", 0, outcome::pending, ""}},
                      false);
        CHECK_FALSE(has(page, "<script"));
        CHECK_FALSE(has(page, "<img"));
        CHECK_FALSE(has(page, "href=\"javascript"));
        CHECK(has(page, "javascript:alert(1)//&lt;script&gt;"));
        CHECK(has(page, "not complete"));
        CHECK_FALSE(has(page, " src=\""));
        CHECK_FALSE(has(page, "\xFF"));
    }

    TEST_CASE("an empty crawl has a report, and a long table is cut with a word about it") {
        CHECK(has(report_of({}), "<h2>Broken links</h2>\n<p class=\"note\">none</p>"));
        std::vector<record> many;
        for (url_id id = 1; id <= 501; ++id) {
            many.emplace_back(discovered_record{id, "http://h/" + std::to_string(id), 0, outcome::timed_out, ""});
        }
        CHECK(has(report_of(many), "Only the first 500 are shown."));
        many.pop_back();
        CHECK_FALSE(has(report_of(many), "Only the first"));
    }

    TEST_CASE("a report that cannot be written is an error with its name and the reason") {
        const temporary_folder folder;
        {
            store s(folder / "c.db");
        }
        const auto to = folder / "none/report.html";
        CHECK_THROWS_WITH_AS(write_html_report(folder / "c.db", to),
                             ("cannot write " + to.string() + ": No such file or directory").c_str(),
                             std::runtime_error);
    }

    TEST_CASE("bars are to scale, however small, and labels cannot be markup") {
        const std::string svg = bar_chart("<t>", {{"a&b", 10, "ten"}, {"half", 5, "five"}, {"none", 0, ""}});
        CHECK(has(svg, "&lt;t&gt;"));
        CHECK(has(svg, ">a&amp;b</text>"));
        CHECK(has(svg, "width=\"340.0\""));
        CHECK(has(svg, "width=\"170.0\""));
        CHECK(has(svg, "width=\"1.0\""));
    }
}
