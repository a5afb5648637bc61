#include <crawl/fragments.hpp>
#include <crawl/parse.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace {

using namespace crawl;
using strings = std::vector<std::string>;

parsed_page parse_html(const std::string& body) {
    return parse_page_and_fragments({"http://host/dir/page.html", "text/html", body});
}

/// "url#fragment" of every fragment that is linked to.
strings fragments_of(const parsed_page& page) {
    strings all;
    for (const linked_fragments& of : page.fragments) {
        for (const std::string& fragment : of.fragments) all.push_back(of.url + "#" + fragment);
    }
    return all;
}

}  // namespace

TEST_SUITE("crawl/fragments") {
    TEST_CASE("places are what has an id, and anchors that have a name, each once") {
        const auto page = parse_html(
            "<p id=one><a name=two id=one></a><img name=no><meta name=no id=three><h2 id=''><form name=no>"
            "<div id='a b&amp;c'>");
        CHECK(page.places == strings{"a b&c", "one", "three", "two"});
    }

    TEST_CASE("fragments are told by document, as written, each once") {
        const auto page = parse_html(
            "<a href=x#1></a><a href=./x#1></a><a href=x#2></a><a href='#here'></a><a href=' #h%65re '></a>"
            "<map><area href=/y#z></map><img src=i#no><a href='http://[bad#x'></a>");
        CHECK(fragments_of(page) == strings{"http://host/dir/page.html#h%65re", "http://host/dir/page.html#here",
                                            "http://host/dir/x#1", "http://host/dir/x#2", "http://host/y#z"});
        CHECK(page.links.size() == 4);
    }

    TEST_CASE("a bare fragment is one of the base, which is then linked to") {
        const auto page = parse_html("<base href=/other/><a href='#x'>");
        CHECK(fragments_of(page) == strings{"http://host/other/#x"});
        REQUIRE(page.links.size() == 1);
        CHECK(page.links[0].url == "http://host/other/");
        CHECK(parse_html("<a href='#x'>").links.empty());
    }

    TEST_CASE("who does not ask for fragments gets none") {
        const auto page = parse_page({"http://host/", "text/html", "<p id=one><a href='#one'>"});
        CHECK(page.places.empty());
        CHECK(page.fragments.empty());
    }

    TEST_CASE("the top, what is for the browser, and what is for a script is not to be found in a page") {
        for (const char* nothing : {"", "top", "TOP", "%74op", "/route", "!route", ":~:text=words"}) {
            CAPTURE(nothing);
            CHECK_FALSE(fragment_to_find(nothing));
        }
        CHECK(fragment_to_find("topic") == "topic");
        CHECK(fragment_to_find("part:~:text=words") == "part");
        CHECK(fragment_to_find("a%20b") == "a%20b");
    }

    TEST_CASE("a fragment is decoded to valid UTF-8") {
        CHECK(decoded_fragment("a%20b%C3%A9%zz") == "a b\xC3\xA9%zz");
        CHECK(decoded_fragment("%FF") == "\xEF\xBF\xBD");
    }
}
