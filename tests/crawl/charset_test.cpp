#include <crawl/charset.hpp>
#include <crawl/charset_prescan.hpp>
#include <crawl/encoding_labels.hpp>
#include <crawl/legacy_text.hpp>
#include <crawl/utf8.hpp>

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <fstream>
#include <string>

#include "test_files.hpp"

namespace {

using namespace crawl;

std::string from_hex(const std::string& hex) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        bytes += static_cast<char>(std::stoul(hex.substr(i, 2), nullptr, 16));
    }
    return bytes;
}

std::string text_in(std::string_view bytes, std::string_view encoding) {
    std::string storage;
    return std::string(to_utf8(bytes, encoding, storage));
}

std::string html(std::string_view body) { return std::string(encoding_of_html("text/html", body)); }

}  // namespace

TEST_SUITE("crawl/charset") {
    TEST_CASE("text in every encoding of the web is what a browser reads") {
        std::ifstream in(data_file("encodings.tsv"));
        int lines = 0;
        for (std::string line; std::getline(in, line); ++lines) {
            const auto first = line.find('\t');
            const auto second = line.find('\t', first + 1);
            const std::string_view encoding = encoding_of_label(line.substr(0, first));
            CAPTURE(encoding);
            const std::string expected(boost::json::parse(line.substr(second + 1)).as_string());
            CHECK(text_in(from_hex(line.substr(first + 1, second - first - 1)), encoding) == expected);
        }
        CHECK(lines == 37);
    }

    TEST_CASE("what Node reads in another way than the standard has it is read as that has it") {
        std::string bytes;
        for (int byte = 0x80; byte < 0xA0; ++byte) bytes += static_cast<char>(byte);
        CHECK(text_in(bytes, encoding_of_label("latin1")) ==
              "€\xC2\x81‚ƒ„…†‡ˆ‰Š‹Œ\xC2\x8DŽ\xC2\x8F\xC2\x90‘’“”•–—˜™š›œ\xC2\x9DžŸ");
        CHECK(text_in("\xC7\xD1\x81\x41", "euc-kr") == "한갂");
        CHECK(text_in("\xFA\x40", "big5") == "𠕇");
        for (const char* encoding : {"gbk", "gb18030"}) {
            CHECK(text_in("\xD6\xD0\x80\x81\x30\x81\x30\xA2\xE3\x41", encoding) == "中€\xC2\x80€A");
        }
    }

    TEST_CASE("those that a browser has and Node has not are read, too") {
        CHECK(text_in("a\xA4\xBD\xFF", "iso-8859-16") == "a€œÿ");
        CHECK(text_in("a\x80\xFF", "x-user-defined") == "a\xEF\x9E\x80\xEF\x9F\xBF");
        CHECK(text_in("anything", "replacement") == "\xEF\xBF\xBD");
        CHECK(text_in("", "replacement").empty());
    }

    TEST_CASE("long text is converted whole, however its pieces are cut") {
        std::string packed;
        std::string expected;
        for (int i = 0; i < 30'000; ++i) {
            packed += i % 7 == 0 ? "x" : "\x93\xFA";
            expected += i % 7 == 0 ? "x" : "日";
        }
        CHECK(text_in(packed, "shift_jis") == expected);
    }

    TEST_CASE("labels mean what they do to browsers, in any case and with white space around") {
        CHECK(encoding_of_label(" Latin1\t") == "windows-1252");
        CHECK(encoding_of_label("US-ASCII") == "windows-1252");
        CHECK(encoding_of_label("ISO-8859-9") == "windows-1254");
        CHECK(encoding_of_label("gb2312") == "gbk");
        CHECK(encoding_of_label("ks_c_5601-1987") == "euc-kr");
        CHECK(encoding_of_label("hz-gb-2312") == "replacement");
        CHECK(encoding_of_label("866") == "ibm866");
        CHECK(encoding_of_label("x-x-big5") == "big5");
        CHECK(encoding_of_label("utf-7").empty());
        CHECK(encoding_of_label("").empty());
    }

    TEST_CASE("a mark stands above the header, and the header above what is in the document") {
        CHECK(encoding_of_html("text/html; charset=koi8-r", "\xFE\xFF") == "utf-16be");
        CHECK(encoding_of_html("text/html; charset=koi8-r", "<meta charset=big5>") == "koi8-r");
        CHECK(encoding_of_html("text/html; Charset = \"KOI8-R\" ; x", "") == "koi8-r");
        CHECK(encoding_of_html("text/html; charset=none-such", "<meta charset=big5>") == "big5");
        CHECK(encoding_of_css("text/css; charset=koi8-r", "\xEF\xBB\xBF@charset \"big5\";") == "utf-8");
        CHECK(encoding_of_css("text/css", "@charset \"big5\";") == "big5");
        CHECK(encoding_of_css("text/css", "@charset 'big5';") == "utf-8");
        CHECK(encoding_of_css("text/css", "@charset \"utf-16\";") == "utf-8");
        CHECK(encoding_of_css("text/css", "p{content:'\xE9'}") == "utf-8");
    }

    TEST_CASE("a meta declares an encoding where a browser reads it so, and nowhere else") {
        CHECK(html("<meta charset=big5>") == "big5");
        CHECK(html("<META\n name=x CharSet = 'Big5' />") == "big5");
        CHECK(html("<meta content='text/html; charset=\"big5\"' http-equiv=content-type>") == "big5");
        CHECK(html("<meta name=description content='charset=big5'>") == "utf-8");
        CHECK(html("<!-- <meta charset=big5> --><meta charset=koi8-r>") == "koi8-r");
        CHECK(html("<p title='<meta charset=big5>'><meta charset=koi8-r>") == "koi8-r");
        CHECK(html("<? <meta charset=big5> ?><meta charset=koi8-r>") == "koi8-r");
        CHECK(html("<metadata charset=big5><meta charset=koi8-r>") == "koi8-r");
        CHECK(html("<meta charset=none-such><meta charset=koi8-r>") == "koi8-r");
        CHECK(html("<meta charset=big5 charset=koi8-r>") == "big5");
        CHECK(html("<meta charset=utf-16>") == "utf-8");
        CHECK(html("<meta charset=x-user-defined>") == "windows-1252");
        CHECK(html("<meta charset=") == "utf-8");
        CHECK(html("<meta charset") == "utf-8");
        CHECK(html("<!--<meta charset=big5>") == "utf-8");
        CHECK(html(std::string(1024, ' ') + "<meta charset=big5>") == "utf-8");
        CHECK(html("<?xml version='1.0' encoding='big5'?>") == "big5");
        CHECK(html("<?xml version='1.0'?><meta charset=big5>") == "big5");
    }

    TEST_CASE("what declares nothing is taken for what it looks like") {
        CHECK(html("plain") == "utf-8");
        CHECK(html("caf\xC3\xA9") == "utf-8");
        CHECK(html("caf\xE9") == "windows-1252");
        const std::string russian = text_in("\xC1", "koi8-r");
        CHECK(russian == "а");
        // "Привет, мир! Как у вас дела сегодня? ..." in windows-1251
        CHECK(
            html(
                "<p>\xCF\xF0\xE8\xE2\xE5\xF2, \xEC\xE8\xF0! \xCA\xE0\xEA \xF3 \xE2\xE0\xF1 \xE4\xE5\xEB\xE0 "
                "\xF1\xE5\xE3\xEE\xE4\xED\xFF? \xDD\xF2\xEE \xEE\xE1\xFB\xF7\xED\xFB\xE9 \xF2\xE5\xEA\xF1\xF2 \xED\xE0 "
                "\xF0\xF3\xF1\xF1\xEA\xEE\xEC \xFF\xE7\xFB\xEA\xE5, \xEA\xEE\xF2\xEE\xF0\xFB\xE9 "
                "\xED\xE8\xF7\xE5\xE3\xEE \xED\xE5 \xE7\xED\xE0\xF7\xE8\xF2.") == "windows-1251");
        // "日本語で書かれた文章です。" in Shift JIS and in EUC
        CHECK(html("\x93\xFA\x96\x7B\x8C\xEA\x82\xC5\x8F\x91\x82\xA9\x82\xEA\x82\xBD\x95\xB6\x8F\xCD\x82\xC5\x82\xB7"
                   "\x81\x42") == "shift_jis");
        CHECK(html("\xC6\xFC\xCB\xDC\xB8\xEC\xA4\xC7\xBD\xF1\xA4\xAB\xA4\xEC\xA4\xBF\xCA\xB8\xBE\xCF\xA4\xC7\xA4\xB9"
                   "\xA1\xA3") == "euc-jp");
    }

    TEST_CASE("nothing is ever taken for an encoding that can hide markup") {
        using namespace std::string_literals;
        CHECK(html("\x1B$)C\x0E!!\x0F\xFF\x1B$)C\x0E!!\x0F") == "windows-1252");
        CHECK(html("<\0p\0>\0\xE9\0t\0e\0x\0t\0 \0t\0e\0x\0t\0"s) == "windows-1252");
    }

    TEST_CASE("of a sequence that is cut off one replacement is left, of other bytes one each") {
        const std::string r = "\xEF\xBF\xBD";
        CHECK(repair_utf8("a\xE2\x82z") == "a" + r + "z");
        CHECK(repair_utf8("\xF0\x9F\x98") == r);
        CHECK(repair_utf8("\xC0\xAF") == r + r);
        CHECK(repair_utf8("\xED\xA0\x80") == r + r + r);
        CHECK(repair_utf8("\xF5\x80") == r + r);
        CHECK(repair_utf8("\xC3\xC3\xA9") == r + "é");
    }
}
