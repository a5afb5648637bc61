#include <crawl/ascii.hpp>

#include <doctest/doctest.h>

#include <string_view>

using namespace crawl;

TEST_SUITE("crawl/ascii") {
    TEST_CASE("only the letters of ASCII have another case") {
        CHECK(ascii::lower_case("AZaz@[`{09") == "azaz@[`{09");
        CHECK(ascii::lower_case("\xc3\x84\xdc") == "\xc3\x84\xdc");
        CHECK(ascii::same_word("NoFollow", "nofollow"));
        CHECK_FALSE(ascii::same_word("nofollow", "nofollow "));
        CHECK_FALSE(ascii::same_word("[", "{"));  // 32 apart, as letters are
    }

    TEST_CASE("what is around a text is cut off, and nothing of it") {
        CHECK(ascii::trimmed(" \ta b\t ") == "a b");
        CHECK(ascii::trimmed("\na\n") == "\na\n");
        CHECK(ascii::trimmed("\na\f", ascii::spaces) == "a");
        CHECK(ascii::trimmed(" \t").empty());
        CHECK(ascii::trimmed("").empty());
    }

    TEST_CASE("parts are taken one after the other, up to the last, which nothing ends") {
        std::string_view rest = "a;;b";
        CHECK(ascii::take_until(rest, ';') == "a");
        CHECK(ascii::take_until(rest, ';').empty());
        CHECK(rest == "b");
        CHECK(ascii::take_until(rest, ';') == "b");
        CHECK(rest.empty());
        CHECK(ascii::take_until(rest, ';').empty());
    }
}
