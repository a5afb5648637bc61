#include "process/output_lines.hpp"

#include "process/text_tail.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

using namespace braid::process_detail;

namespace {

std::vector<std::string> texts(const std::vector<output_line>& lines) {
    std::vector<std::string> found;
    for (const output_line& each : lines) found.push_back(each.text);
    return found;
}

using list = std::vector<std::string>;

}  // namespace

TEST_SUITE("process/output_lines") {
    TEST_CASE("a mark claims the lines before it, and no line is seen of the mark itself") {
        output_lines lines;
        lines.feed("one\ntwo\n" + output_mark(7) + "three\n");
        const auto claimed = lines.take_claimed();
        CHECK(texts(claimed) == list{"one", "two"});
        CHECK(claimed.at(0).call == 7);
        CHECK(lines.has_unclaimed());
        lines.feed(output_mark(0xffffffff00000008));
        const auto next = lines.take_claimed();
        CHECK(texts(next) == list{"three"});
        CHECK(next.at(0).call == 0xffffffff00000008);
        CHECK(lines.bytes() == 0);
    }

    TEST_CASE("a mark ends the line that its call left unfinished") {
        output_lines lines;
        lines.feed("no end" + output_mark(7) + output_mark(8) + "\n" + output_mark(9));
        const auto claimed = lines.take_claimed();
        CHECK(texts(claimed) == list{"no end", ""});
        CHECK(claimed.at(0).call == 7);
        CHECK(claimed.at(1).call == 9);
    }

    TEST_CASE("lines that no mark claims are claimed up to a number, and keep their call when a mark comes") {
        output_lines lines;
        lines.feed("one\n");
        const auto until = lines.end();
        lines.feed("two\n");
        lines.claim(until, 5);
        CHECK(lines.has_unclaimed());
        lines.feed(output_mark(6));
        const auto claimed = lines.take_claimed();
        CHECK(claimed.at(0).call == 5);
        CHECK(claimed.at(1).call == 6);
        lines.claim(until, 9);  // of what has been taken, there is nothing to claim
        CHECK(!lines.has_claimed());
    }

    TEST_CASE("a line without end becomes one when the worker is gone, and belongs to no call if none is known") {
        output_lines lines;
        lines.feed("last words");
        CHECK(lines.end() == 0);
        lines.finish();
        lines.claim(lines.end(), std::nullopt);
        const auto claimed = lines.take_claimed();
        CHECK(texts(claimed) == list{"last words"});
        CHECK(!claimed.at(0).call);
    }

    TEST_CASE("a long line comes in pieces that say so, and nothing of it is lost") {
        const std::string text(3 * output_lines::longest + 5, 'x');
        output_lines lines;
        for (std::size_t at = 0; at < text.size(); at += 1000) lines.feed(text.substr(at, 1000));
        lines.feed(output_mark(3));
        std::string together;
        const auto claimed = lines.take_claimed();
        for (std::size_t i = 0; i != claimed.size(); ++i) {
            together += claimed[i].text;
            CHECK(claimed[i].goes_on == (i + 1 != claimed.size()));
            CHECK(claimed[i].text.size() <= output_lines::longest);
        }
        CHECK(together == text);
    }

    TEST_CASE("what looks like a mark and is none is text") {
        using namespace std::string_literals;
        for (const std::string& text : {"\0braid:"s, "\0braid:00000000000000zz"s, "braid:0000000000000001"s}) {
            output_lines lines;
            lines.feed(text + "\n");
            CHECK(!lines.has_claimed());
            lines.claim(lines.end(), 1);
            CHECK(texts(lines.take_claimed()) == list{text});
        }
    }

    TEST_CASE("the same lines come out however the stream is cut") {
        const std::string stream =
            "a\n\nbc" + output_mark(1) + "def\n" + output_mark(2) + output_mark(3) + "g\nh\n" + output_mark(4);
        std::mt19937 random(11);
        for (int round = 0; round != 500; ++round) {
            output_lines lines;
            std::vector<std::pair<std::string, std::uint64_t>> found;
            for (std::size_t at = 0; at < stream.size();) {
                const std::size_t size = 1 + random() % 40;
                lines.feed(stream.substr(at, size));
                at += size;
                for (const auto& each : lines.take_claimed()) found.emplace_back(each.text, each.call.value());
            }
            const std::vector<std::pair<std::string, std::uint64_t>> expected{{"a", 1},   {"", 1},  {"bc", 1},
                                                                              {"def", 2}, {"g", 4}, {"h", 4}};
            REQUIRE(found == expected);
        }
    }
}

TEST_SUITE("process/text_tail") {
    TEST_CASE("the last lines are told, and no more of them than there may be") {
        text_tail tail;
        CHECK(tail.lines().empty());
        tail.append("one\ntw");
        tail.append("o\nthree");
        CHECK(tail.lines() == list{"one", "two", "three"});
        for (int i = 0; i != 100; ++i) tail.append("\nline " + std::to_string(i));
        CHECK(tail.lines().size() == text_tail::most_lines);
        CHECK(tail.lines().front() == "line 80");
        CHECK(tail.lines().back() == "line 99");
    }

    TEST_CASE("a line whose beginning is forgotten is not told as if it were whole") {
        text_tail tail;
        for (int i = 0; i != 10; ++i) tail.append(std::string(1000, static_cast<char>('a' + i)) + "\n");
        CHECK(tail.lines().size() == 4);
        CHECK(tail.lines().front() == std::string(1000, 'g'));

        text_tail endless;
        endless.append(std::string(100'000, 'x') + "end");
        REQUIRE(endless.lines().size() == 1);
        CHECK(endless.lines().front().starts_with("...xxx"));
        CHECK(endless.lines().front().ends_with("xend"));
    }
}
