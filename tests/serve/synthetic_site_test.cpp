#include <serve/synthetic_site.hpp>

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

namespace {

std::vector<std::string> links_in(const std::string& page) {
    constexpr std::string_view mark = "<a href=\"";
    std::vector<std::string> links;
    for (std::size_t at = page.find(mark); at != std::string::npos; at = page.find(mark, at)) {
        at += mark.size();
        links.push_back(page.substr(at, page.find('"', at) - at));
    }
    return links;
}

}  // namespace

TEST_SUITE("serve/synthetic_site") {
    using serve::synthetic_site;

    TEST_CASE("all pages are reached from the first, and no link leads elsewhere") {
        for (const std::size_t size : {1U, 2U, 9U, 1000U}) {
            CAPTURE(size);
            const synthetic_site site(size);
            std::set<std::string> seen{"/"};
            std::vector<std::string> queue{"/"};
            while (!queue.empty()) {
                const auto page = site.page(queue.back());
                queue.pop_back();
                REQUIRE(page);
                for (const std::string& link : links_in(*page)) {
                    if (seen.insert(link).second) queue.push_back(link);
                }
            }
            CHECK(seen.size() == size);
        }
    }

    TEST_CASE("a page is the same each time it is asked for, and its text is that of no other") {
        const synthetic_site site(100);
        CHECK(site.page("/p/7") == site.page("/p/7"));
        const auto text_of = [&site](const char* target) {
            const std::string page = *site.page(target);
            return page.substr(page.find("<p>"), page.find("<ul>") - page.find("<p>"));
        };
        CHECK(text_of("/p/7") != text_of("/p/8"));
    }

    TEST_CASE("a page has one address") {
        const synthetic_site site(100);
        CHECK(site.page("/p/99"));
        for (const char* target :
             {"/p/100", "/p/0", "/p/07", "/p/7/", "/p/", "/p/-1", "/p/99999999999999999999", "/x", ""}) {
            CAPTURE(target);
            CHECK_FALSE(site.page(target));
        }
    }

    TEST_CASE("a site of more pages than could ever be fetched has a last one") {
        const synthetic_site site(UINT64_MAX);
        CHECK(links_in(*site.page("/p/18446744073709551614")).size() == synthetic_site::others);
        CHECK(links_in(*site.page("/p/1000000000000")).size() == synthetic_site::others + synthetic_site::branches);
    }
}
