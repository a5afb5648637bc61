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
              "1 pages, 1 links, 0 fragments, 2 URLs of other hosts: nothing is broken\n");
    }

    TEST_CASE("what comes from a page cannot control the terminal") {
        const std::string table = format_table(hostile());
        CHECK(table.find("http://[?]\xEF\xBF\xBD<&\"") != std::string::npos);
        CHECK(table.find("bad?URL") != std::string::npos);
        CHECK(table.find('\x1b') == std::string::npos);
    }

    TEST_CASE("JSON has the same in valid UTF-8") {
        CHECK(boost::json::parse(format_json(two_broken())) == boost::json::parse(R"({
            "pages": 2, "links": 9, "fragments": 4, "external": 0, "broken": [
            {"page": "/", "link": "/gone", "problem": "status 404", "kind": "img"},
            {"page": "/", "link": "/p#x", "problem": "no such place in the page", "kind": "a", "via": "/old"}]})"));
        const auto parsed = boost::json::parse(format_json(hostile()));
        CHECK(parsed.at("broken").at(0).at("link") == "http://[\x1b]\xEF\xBF\xBD<&\"");
    }

    TEST_CASE("JUnit's form has a case for each page, which fails with its broken links") {
        const std::string xml = format_junit(two_broken());
        CHECK_MESSAGE(
            xml.find("<testsuite name=\"linkcheck\" tests=\"2\" failures=\"1\" errors=\"0\">") != std::string::npos,
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
