#include <linkcheck/reports.hpp>

#include <doctest/doctest.h>
#include <libxml/parser.h>

#include <boost/json/parse.hpp>
#include <memory>
#include <string>

namespace {

using linkcheck::findings;

findings two_broken() {
    return {
        .pages = {"/", "/a"},
        .broken = {{"/", "/gone", "status 404", "img", ""}, {"/", "/p#x", "no such place in the page", "a", "/old"}},
        .links = 9,
        .fragments = 4,
        .external = 0};
}

findings hostile() { return {.pages = {}, .broken = {{"", "http://[\x1b]\xFF<&\"", "bad\nURL", "", ""}}, .links = 1}; }

}  // namespace

TEST_SUITE("linkcheck/reports") {
    TEST_CASE("the table has a line for each broken link, and one that sums up") {
        CHECK(format_table(two_broken()) ==
              "PAGE  LINK                   PROBLEM\n"
              "/     /gone                  status 404\n"
              "/     /p#x (by way of /old)  no such place in the page\n"
              "\n"
              "2 pages, 9 links, 4 fragments: 2 broken\n");
    }

    TEST_CASE("a site without broken links says so, and nothing else") {
        CHECK(linkcheck::format_table({.pages = {"/"}, .broken = {}, .links = 1, .fragments = 0, .external = 2}) ==
              "1 page, 1 link, 0 fragments, 2 URLs of other hosts: nothing is broken\n");
    }

    TEST_CASE("what was not checked is told by reason, a few of each, in every form of the report") {
        findings all{.pages = {"/"}, .broken = {}, .not_checked = {{"parser hung", "/p", "not done after 1 s", true}}};
        for (char page = 'a'; page < 'n'; ++page)
            all.not_checked.push_back({"trap", std::string("/") + page, "", false});
        const std::string table = format_table(all);
        CHECK(table.starts_with(
            "not checked: 14 URLs\n  1 parser hung\n    /p: not done after 1 s\n  13 trap\n    /a\n"));
        CHECK(
            table.ends_with("    /j\n    and 3 more\n\n"
                            "1 page, 0 links, 0 fragments: nothing is broken, 14 not checked\n"));
        const auto parsed = boost::json::parse(format_json(all));
        CHECK(parsed.at("not_checked").as_array().size() == 14);
        CHECK(parsed.at("not_checked").at(0) ==
              boost::json::parse(R"({"page": "/p", "reason": "parser hung", "detail": "not done after 1 s"})"));
        const std::string xml = format_junit(all);
        CHECK(xml.find("tests=\"15\" failures=\"0\" errors=\"1\" skipped=\"13\"") != std::string::npos);
        CHECK(xml.find("<error message=\"parser hung: not done after 1 s\"/>") != std::string::npos);
        CHECK(xml.find("<skipped message=\"trap\"/>") != std::string::npos);
    }

    TEST_CASE("a check that was interrupted says so") {
        const findings all{.pages = {"/"}, .broken = {}, .interrupted = true};
        CHECK(format_table(all).starts_with("interrupted: 1 page, "));
        CHECK(boost::json::parse(format_json(all)).at("interrupted") == true);
    }

    TEST_CASE("columns line up by what a terminal shows, not by bytes") {
        const findings all{.pages = {}, .broken = {{"/\xE6\x97\xA5", "/\xC3\xA9", "x", "a", ""}}};
        CHECK(format_table(all).starts_with("PAGE  LINK  PROBLEM\n/\xE6\x97\xA5   /\xC3\xA9    x\n"));
    }

    TEST_CASE("what comes from a page cannot control the terminal") {
        const std::string table = format_table(hostile());
        CHECK(table.find("http://[?]\xEF\xBF\xBD<&\"") != std::string::npos);
        CHECK(table.find("bad?URL") != std::string::npos);
        CHECK(table.find('\x1b') == std::string::npos);
        // A C1 control, which some terminals take for an escape sequence, and one that turns text round.
        const std::string others = linkcheck::format_table({.pages = {},
                                                            .broken = {{"/\xC2\x9B"
                                                                        "2J",
                                                                        "/\xE2\x80\xAEx", "p", "a", ""}}});
        CHECK(others.find("/?2J") != std::string::npos);
        CHECK(others.find("/?x") != std::string::npos);
    }

    TEST_CASE("JSON has the same in valid UTF-8") {
        CHECK(boost::json::parse(format_json(two_broken())) == boost::json::parse(R"({
            "pages": 2, "links": 9, "fragments": 4, "external": 0, "broken": [
            {"page": "/", "link": "/gone", "problem": "status 404", "kind": "img"},
            {"page": "/", "link": "/p#x", "problem": "no such place in the page", "kind": "a", "via": "/old"}], "not_checked": []})"));
        const auto parsed = boost::json::parse(format_json(hostile()));
        CHECK(parsed.at("broken").at(0).at("link") == "http://[\x1b]\xEF\xBF\xBD<&\"");
    }

    TEST_CASE("JUnit's form has a case for each page, which fails with its broken links") {
        const std::string xml = format_junit(two_broken());
        CHECK_MESSAGE(
            xml.find("<testsuite name=\"linkcheck\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\">") !=
                std::string::npos,
            xml);
        CHECK(xml.find("<testcase classname=\"links\" name=\"/a\"/>") != std::string::npos);
        CHECK(xml.find("<failure message=\"2 broken links\">/gone: status 404\n"
                       "/p#x (by way of /old): no such place in the page\n</failure>") != std::string::npos);
    }

    TEST_CASE("what comes from a page leaves the XML well-formed") {
        const std::string xml = format_junit(hostile());
        const std::unique_ptr<xmlDoc, void (*)(xmlDocPtr)> parsed(
            xmlReadMemory(xml.data(), static_cast<int>(xml.size()), nullptr, nullptr, XML_PARSE_NONET), xmlFreeDoc);
        REQUIRE(parsed != nullptr);
        CHECK(xml.find("http://[?]\xEF\xBF\xBD&lt;&amp;") != std::string::npos);
    }
}
