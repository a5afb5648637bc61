#include <crawl/html_references.hpp>
#include <crawl/html_tokenizer.hpp>

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <string_view>

namespace {

using crawl::html_token;

/// Tokens as text: `<name a="1">`, `</name>`, `text`, `{raw text}`; a bar between two.
std::string tokens_of(std::string_view html) {
    crawl::html_tokenizer tokens(html);
    std::string out;
    for (html_token token = tokens.next(); token != html_token::end; token = tokens.next()) {
        if (!out.empty()) out += '|';
        const std::string name(tokens.name());
        switch (token) {
            case html_token::start_tag:
                out += "<" + name;
                for (const auto& [key, value] : tokens.attributes()) {
                    out += " " + std::string(key) + "=\"" + std::string(value) + "\"";
                }
                out += ">";
                break;
            case html_token::end_tag: out += "</" + name + ">"; break;
            case html_token::text: out += tokens.text(); break;
            case html_token::raw_text: out += "{" + std::string(tokens.text()) + "}"; break;
            case html_token::end: break;
        }
    }
    return out;
}

/// What the reference at the front stands for, and in brackets how long it is.
std::string resolve(std::string_view text, bool in_attribute = false) {
    crawl::resolved_reference to;
    const std::size_t length = crawl::resolve_reference(text, in_attribute, to);
    return length == 0 ? "none" : std::string(to.text()) + "[" + std::to_string(length) + "]";
}

std::string repeat(std::string_view text, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += text;
    return out;
}

}  // namespace

TEST_SUITE("crawl/html_tokenizer") {
    TEST_CASE("names of tags and attributes are in lower case, values as written") {
        CHECK(tokens_of("<P Class=X Data-Ab='Y z'>t</P>") == "<p class=\"X\" data-ab=\"Y z\">|t|</p>");
    }

    TEST_CASE("an attribute may have no value, spaces around its sign, any quotes or none") {
        CHECK(tokens_of("<a b c = d e= \"f>\"g='h'/i=/j k>") == "<a b=\"\" c=\"d\" e=\"f>\" g=\"h\" i=\"/j\" k=\"\">");
        CHECK(tokens_of("<a =b=c>") == "<a =b=\"c\">");
        CHECK(tokens_of("<a b=>") == "<a b=\"\">");
    }

    TEST_CASE("of two attributes with one name the first counts") {
        crawl::html_tokenizer tokens("<a x=1 x=2>");
        CHECK(tokens.next() == html_token::start_tag);
        CHECK(tokens.attribute("x") == "1");
        CHECK(tokens.has_attribute("x"));
        CHECK(!tokens.has_attribute("y"));
    }

    TEST_CASE("what only looks like markup is text") {
        CHECK(tokens_of("a < b <3 <") == "a |< b |<3 |<");
        CHECK(tokens_of("1 </") == "1 |</");
    }

    TEST_CASE("comments, declarations and instructions give nothing") {
        CHECK(tokens_of("a<!-- <b> -- -->b<!-->c<!--->d<!-- x --!>e") == "a|b|c|d|e");
        CHECK(tokens_of("<!DOCTYPE html>a<?xml version='1'?>b</ x>c<!>d<![CDATA[x]]>") == "a|b|c|d");
        CHECK(tokens_of("a<!-- never closed <b>") == "a");
    }

    TEST_CASE("a tag that the end of the page cuts is none") {
        for (const char* cut : {"<a", "<a ", "<a b", "<a b=", "<a b='", "<a b='c", "<a b='c'", "<a /", "</a"}) {
            CHECK(tokens_of(std::string("x") + cut) == "x");
        }
    }

    TEST_CASE("in script and style only their own end tag is markup") {
        CHECK(tokens_of("<style>a<b></styles></style >c") == "<style>|{a<b></styles>}|</style>|c");
        CHECK(tokens_of("<SCRIPT>'</p>'</Script>") == "<script>|{'</p>'}|</script>");
        CHECK(tokens_of("<script>never closed <b>") == "<script>|{never closed <b>}");
        CHECK(tokens_of("<script></script>") == "<script>|</script>");
    }

    TEST_CASE("a script in a script's comment does not end it") {
        CHECK(tokens_of("<script><!-- <script> </script> --></script>a") ==
              "<script>|{<!-- <script> </script> -->}|</script>|a");
        CHECK(tokens_of("<script><!-- </script>a") == "<script>|{<!-- }|</script>|a");
        CHECK(tokens_of("<script><!-- --> <script> </script>a") == "<script>|{<!-- --> <script> }|</script>|a");
    }

    TEST_CASE("an empty element of XHTML has no content to be skipped") {
        CHECK(tokens_of("<script src=a /><b>") == "<script src=\"a\">|<b>");
        CHECK(tokens_of("<title/><b>") == "<title>|<b>");
    }

    TEST_CASE("title and textarea have text, and no markup but their end") {
        CHECK(tokens_of("<title>a<b>&lt;</title>c") == "<title>|a<b>|<|</title>|c");
        CHECK(tokens_of("<textarea><a href=x></textarea>") == "<textarea>|<a href=x>|</textarea>");
    }

    TEST_CASE("references in text and in values are resolved") {
        CHECK(tokens_of("a&amp;b &#60; &x <i t='&quot;&eacute;&' u=?a&copy=1&lt;>") ==
              "a|&|b |<| |&|x |<i t=\"\"\xC3\xA9&\" u=\"?a&copy=1<\">");
    }

    TEST_CASE("a name is the longest that the standard has") {
        CHECK(resolve("&notin;") == "\xE2\x88\x89[7]");
        CHECK(resolve("&notit;") == "\xC2\xAC[4]");
        CHECK(resolve("&nGt;") == "\xE2\x89\xAB\xE2\x83\x92[5]");
        CHECK(resolve("&CounterClockwiseContourIntegral;") == "\xE2\x88\xB3[33]");
        CHECK(resolve("&nosuchname;") == "none");
        CHECK(resolve("&") == "none");
        CHECK(resolve("&;") == "none");
    }

    TEST_CASE("a name without its semicolon is one of the old ones, and in values nothing like it follows") {
        CHECK(resolve("&copy") == "\xC2\xA9[5]");
        CHECK(resolve("&copyright") == "\xC2\xA9[5]");
        CHECK(resolve("&hellip") == "none");
        CHECK(resolve("&copyright", true) == "none");
        CHECK(resolve("&copy=", true) == "none");
        CHECK(resolve("&copy/", true) == "\xC2\xA9[5]");
    }

    TEST_CASE("numbers are characters, those of controls as windows-1252 has them, others replaced") {
        CHECK(resolve("&#233;") == "\xC3\xA9[6]");
        CHECK(resolve("&#xE9") == "\xC3\xA9[5]");
        CHECK(resolve("&#X1F600;") == "\xF0\x9F\x98\x80[9]");
        CHECK(resolve("&#x80;") == "\xE2\x82\xAC[6]");
        for (const char* none : {"&#0;", "&#xD800;", "&#x110000;", "&#99999999999999999999;"}) {
            CHECK(resolve(none).starts_with("\xEF\xBF\xBD["));
        }
        CHECK(resolve("&#;") == "none");
        CHECK(resolve("&#x;") == "none");
    }

    // Each would take hours if the rest of the page were looked at again for every one of these.
    TEST_CASE("pages of a million beginnings are read to their end") {
        for (const char* piece : {"&", "<", "<!--", "<!-- --", "</", "<a ", "<a b='", "&#", "<title>", "<script>",
                                  "<script><!--<script>", "-", "<textarea></", "&ampamp", "<?", "<A B=&amp;>"}) {
            const std::string page = repeat(piece, 1'000'000);
            crawl::html_tokenizer tokens(page);
            while (tokens.next() != html_token::end) {
            }
            CHECK(tokens.next() == html_token::end);
        }
    }

    TEST_CASE("what is made of pieces of markup in any order is read without leaving the page") {
        constexpr std::string_view pieces[] = {"<",        ">",        "/",    "!",     "--",       "a",     "A",
                                               "=",        "'",        "\"",   " ",     "&",        "amp",   ";",
                                               "#x",       "9",        "<!--", "title", "script",   "style", "</",
                                               "textarea", "\xC3\xA9", "nGt;", "\n",    "plaintext"};
        std::mt19937 random(7);
        for (int page = 0; page < 20'000; ++page) {
            std::string html;
            for (int i = 0; i < 24; ++i) html += pieces[random() % std::size(pieces)];
            // Of its own size, so that a sanitizer sees each byte that is read beyond it.
            const std::vector<char> exact(html.begin(), html.end());
            const std::string tokens = tokens_of({exact.data(), exact.size()});
            CHECK(tokens.size() <= 8 * html.size());
        }
    }
}
