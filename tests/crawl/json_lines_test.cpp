#include <crawl/json_lines.hpp>

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <string>
#include <vector>

#include "test_files.hpp"
#include "support/temporary_folder.hpp"

namespace {

using namespace crawl;
using crawl::testing::temporary_folder;
namespace json = boost::json;

exported_page failed_page(std::string url) {
    return {std::move(url), 2, {.id = 1, .how = outcome::timed_out, .detail = "after 1 s"}, {}};
}

std::string error_of(const std::filesystem::path& file, std::uint64_t kept) {
    try {
        const json_lines lines(file, kept);
    } catch (const std::runtime_error& e) {
        return e.what();
    }
    return "no error";
}

}  // namespace

TEST_SUITE("crawl/json_lines") {
    TEST_CASE("a page is one line with all that is known of it") {
        finished_record end{
            .id = 1, .how = outcome::fetched, .status = 200, .type = "text/html", .title = "It's \"é\""};
        end.text_length = 12;
        end.language = "de";
        end.content_hash = 0xabc;
        end.fetched_at = std::chrono::system_clock::time_point(std::chrono::milliseconds(1'700'000'000'123));
        end.took = std::chrono::microseconds(1500);
        end.bytes = 99;
        end.received = 40;
        const std::vector<crawl::link> links{{"http://h/a", link_kind::img, "", false, false},
                                             {"mailto:x", link_kind::a, "no", true, true}};
        CHECK(json::parse(json_line({"http://h/", 3, end, links})) == json::parse(R"({
            "url": "http://h/", "depth": 3, "outcome": "fetched", "status": 200, "type": "text/html",
            "title": "It's \"é\"", "language": "de", "text_length": 12, "content_hash": "0000000000000abc",
            "fetched_at": "2023-11-14T22:13:20.123Z", "took_ms": 1.5, "bytes": 99, "received": 40,
            "links": [{"url": "http://h/a", "kind": "img"},
                      {"url": "mailto:x", "kind": "a", "nofollow": true, "problem": "no"}]})"));
    }

    TEST_CASE("what there is nothing to say about is left out, but for the links") {
        CHECK(json_line(failed_page("http://h/")) ==
              "{\"url\":\"http://h/\",\"depth\":2,\"outcome\":\"timed out\",\"detail\":\"after 1 s\",\"links\":[]}\n");
    }

    TEST_CASE("what comes from the network stays one line of valid JSON") {
        const std::string line = json_line(failed_page("a\n\"\\\x01\xFF\xED\xA0\x80\xE2\x80\xA8z"));
        CHECK(line.find('\n') == line.size() - 1);
        const json::value parsed = json::parse(line);  // which refuses what is not UTF-8
        const std::string_view url = parsed.at("url").as_string();
        CHECK(url.starts_with("a\n\"\\\x01\xEF\xBF\xBD"));
        CHECK(url.ends_with("\xE2\x80\xA8z"));
    }

    TEST_CASE("a file is gone on with after what is kept of it") {
        const temporary_folder folder;
        const auto file = folder / "pages.jsonl";
        const std::string line = json_line(failed_page("http://h/"));
        {
            json_lines lines(file, 0);
            lines.write(std::vector{failed_page("http://h/"), failed_page("http://lost/")});
            CHECK(lines.size() > line.size());
        }
        {
            json_lines lines(file, line.size());
            lines.write(std::vector{failed_page("http://h/")});
            CHECK(lines.size() == 2 * line.size());
        }
        CHECK(read_file(file) == line + line);
        CHECK(error_of(file, 100'000) == "cannot go on with " + file.string() + ": it has " +
                                             std::to_string(2 * line.size()) + " bytes, and the crawl wrote 100000");
        CHECK(read_file(file) == line + line);
        {
            json_lines anew(file, 0);
            CHECK(read_file(file) == line + line);
            anew.start();
        }
        CHECK(read_file(file).empty());
    }

    TEST_CASE("a file that cannot be written is an error with its name and the reason") {
        const temporary_folder folder;
        const auto missing = folder / "none/pages.jsonl";
        CHECK(error_of(missing, 0) == "cannot open " + missing.string() + ": No such file or directory");
        json_lines full("/dev/full", 0);
        CHECK_THROWS_WITH_AS(full.write(std::vector{failed_page("http://h/")}),
                             "cannot write /dev/full: No space left on device", std::runtime_error);
    }
}
