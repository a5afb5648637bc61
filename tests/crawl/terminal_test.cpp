#include <crawl/live_lines.hpp>
#include <crawl/terminal_kind.hpp>
#include <crawl/terminal_text.hpp>

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "support/terminal_screen.hpp"

namespace {

using namespace crawl;
using crawl::testing::terminal_screen;
using tone = frame_line::tone;

const std::vector<frame_line> three_lines{{"one", tone::strong}, {"two", tone::plain}, {"drei: é", tone::bad}};

environment_lookup environment(std::map<std::string, const char*> values) {
    return [values = std::move(values)](const char* name) {
        const auto found = values.find(name);
        return found != values.end() ? found->second : nullptr;
    };
}

}  // namespace

TEST_SUITE("crawl/terminal_text") {
    TEST_CASE("text is as wide as a terminal shows it") {
        CHECK(columns_of("abc") == 3);
        CHECK(columns_of("Zürich…") == 7);
        CHECK(columns_of("e\xCC\x81") == 1);  // with a combining accent
        CHECK(columns_of("日本") == 4);
        CHECK(columns_of("") == 0);
    }

    TEST_CASE("what is too long loses its middle or its end, and never half a character") {
        CHECK(cut_middle("http://host/a/long/path", 11, "…") == "http:…/path");
        CHECK(cut_middle("http://host/a/long/path", 12, "...") == "http.../path");
        CHECK(cut_end("timed out after 30 s", 10, "…") == "timed out…");
        CHECK(cut_end("short", 5, "…") == "short");
        CHECK(cut_middle("日本日本", 4, "…") == "…本");  // a column is left: each takes two
        CHECK(cut_middle("abc", 2, "...").empty());
        for (std::size_t columns = 0; columns < 12; ++columns) {
            CHECK(columns_of(cut_middle("日é本b日c本d", columns, "…")) <= columns);
            CHECK(columns_of(cut_end("日é本b日c本d", columns, "…")) <= columns);
        }
    }

    TEST_CASE("nothing that a terminal obeys, and nothing that turns text around, is printable") {
        CHECK(printable("a\x1b[2J\n\x7f") == "a?[2J??");
        CHECK(printable("b\xC2\x9B"
                        "2J") == "b?2J");  // the control sequence introducer of 8 bits
        CHECK(printable("c\xE2\x80\xAE"
                        "d") == "c?d");  // right-to-left override
        CHECK(printable("\xFFé") == "\xEF\xBF\xBDé");
        CHECK(printable_ascii("é\x1b日a") == "???a");
    }

    TEST_CASE("one thing is not told as many") {
        CHECK(count_of(1, "page") == "1 page");
        CHECK(count_of(0, "page") == "0 pages");
        CHECK(count_of(21, "page") == "21 pages");
    }

    TEST_CASE("amounts of bytes have a unit that leaves few digits") {
        CHECK(human_bytes(0) == "0 B");
        CHECK(human_bytes(1023) == "1023 B");
        CHECK(human_bytes(1536) == "1.5 KiB");
        CHECK(human_bytes(3.0 * 1024 * 1024 * 1024) == "3.0 GiB");
    }
}

TEST_SUITE("crawl/live_lines") {
    TEST_CASE("lines are drawn in the place of those before, however many there were") {
        terminal_screen screen(20);
        screen.write("$ crawl\n");
        live_lines lines;
        const terminal_traits on{.columns = 20};
        screen.write(lines.redraw(three_lines, on));
        CHECK(screen.text() == "$ crawl\none\ntwo\ndrei: é\n");
        screen.write(lines.redraw({{"1"}}, on));
        CHECK(screen.text() == "$ crawl\n1\n");
        screen.write(lines.redraw(three_lines, on));
        CHECK(screen.text() == "$ crawl\none\ntwo\ndrei: é\n");
    }

    TEST_CASE("what is printed after they were erased stands above those that follow") {
        terminal_screen screen(20);
        live_lines lines;
        const terminal_traits on{.columns = 20};
        screen.write(lines.redraw(three_lines, on));
        screen.write(lines.erase(on));
        screen.write("a note\n");
        screen.write(lines.redraw(three_lines, on));
        CHECK(screen.text() == "a note\none\ntwo\ndrei: é\n");
        screen.write(lines.erase(on));
        CHECK(lines.erase(on).empty());
        screen.write("done\n");
        CHECK(screen.text() == "a note\ndone\n");
    }

    TEST_CASE("what the terminal echoes below them is gone with the next lines") {
        terminal_screen screen(20);
        live_lines lines;
        const terminal_traits on{.columns = 20};
        screen.write(lines.redraw(three_lines, on));
        screen.write("^C");
        screen.write(lines.redraw(three_lines, on));
        CHECK(screen.text() == "one\ntwo\ndrei: é\n");
    }

    TEST_CASE("a terminal that is made narrower, and breaks their lines anew, keeps nothing of them") {
        terminal_screen screen(20);
        screen.write("before\n");
        live_lines lines;
        screen.write(lines.redraw({{"0123456789abcdefghi"}, {"short"}}, {.columns = 20}));
        screen.resize(7);
        CHECK(screen.text() == "before\n0123456\n789abcd\nefghi\nshort\n");
        screen.write(lines.redraw({{"next"}}, {.columns = 7}));
        CHECK(screen.text() == "before\nnext\n");
    }

    TEST_CASE("a line that is wider than the terminal has become meanwhile does not wrap") {
        terminal_screen screen(5);
        live_lines lines;
        screen.write(lines.redraw({{"0123456789"}, {"short"}}, {.columns = 20}));
        CHECK(screen.text() == "01239\nshort\n");
        screen.write("012345\n");  // what others write does
        CHECK(screen.text() == "01239\nshort\n01234\n5\n");
    }

    TEST_CASE("colours are left out where they are not wanted") {
        live_lines lines;
        const std::string with = lines.redraw(three_lines, {.colour = true});
        CHECK(with.find("\x1b[31mdrei: é\x1b[0m") != std::string::npos);
        CHECK(lines.redraw(three_lines, {.colour = false}).find('m') == std::string::npos);
    }
}

TEST_SUITE("crawl/terminal_kind") {
    TEST_CASE("a terminal is known by TERM, what it can show by the locale and NO_COLOR") {
        CHECK(can_move_its_cursor(environment({{"TERM", "xterm"}})));
        CHECK_FALSE(can_move_its_cursor(environment({{"TERM", "dumb"}})));
        CHECK_FALSE(can_move_its_cursor(environment({})));
        CHECK(traits_of_terminal(environment({{"LANG", "de_DE.UTF-8"}})).utf8);
        CHECK(traits_of_terminal(environment({{"LC_ALL", ""}, {"LC_CTYPE", "C.utf8"}, {"LANG", "C"}})).utf8);
        CHECK_FALSE(traits_of_terminal(environment({{"LC_ALL", "C"}, {"LANG", "de_DE.UTF-8"}})).utf8);
        CHECK_FALSE(traits_of_terminal(environment({})).utf8);
        CHECK(traits_of_terminal(environment({{"NO_COLOR", ""}})).colour);
        CHECK_FALSE(traits_of_terminal(environment({{"NO_COLOR", "1"}})).colour);
    }
}
