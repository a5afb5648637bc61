#include <linkcheck/folder.hpp>

#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <vector>

#include "support/temporary_folder.hpp"

TEST_SUITE("linkcheck/folder") {
    TEST_CASE("every HTML file has its URL, an index.html that of its folder, and hidden ones none") {
        const crawl::testing::temporary_folder folder;
        for (const char* sub : {"sub", ".git"}) std::filesystem::create_directory(folder / sub);
        for (const char* file : {"index.html", "a b.htm", "100%.html", "x.css", ".x.html", "sub/index.html",
                                 "sub/\xC3\xA9.html", ".git/y.html", "q?#.html"}) {
            std::ofstream(folder / file) << "x";
        }
        std::vector<std::string> urls;
        for (const crawl::url& page : linkcheck::pages_in(folder / "", "http://h/")) urls.emplace_back(page.text());
        CHECK(urls == std::vector<std::string>{"http://h/", "http://h/100%25.html", "http://h/a%20b.htm",
                                               "http://h/q%3F%23.html", "http://h/sub/", "http://h/sub/%C3%A9.html"});
    }

    TEST_CASE("a folder that is not there is an error") {
        const crawl::testing::temporary_folder folder;
        CHECK_THROWS_AS((void)linkcheck::pages_in(folder / "none", "http://h/"), std::filesystem::filesystem_error);
    }
}
