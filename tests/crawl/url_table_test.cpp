#include <crawl/url_log.hpp>
#include <crawl/url_table.hpp>

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

using namespace crawl;

namespace {

std::string url_number(url_id i) { return "http://host.example/a/path/of/some/length/" + std::to_string(i); }

}  // namespace

TEST_SUITE("crawl/url_table") {
    TEST_CASE("what was set is found, what was not is not, and a verdict can change") {
        url_table table;
        CHECK(table.find(table.hash("a")).id == 0);
        table.set(table.hash("a"), 7, outcome::nofollow);
        CHECK(table.find(table.hash("a")).id == 7);
        CHECK(table.find(table.hash("a")).verdict == outcome::nofollow);
        table.set(table.hash("a"), 7, outcome::pending);
        CHECK(table.find(table.hash("a")).verdict == outcome::pending);
        CHECK(table.size() == 1);
    }

    TEST_CASE("half a million URLs are all found, in less than 48 bytes each") {
        constexpr url_id many = 500'000;
        url_table table;
        for (url_id i = 1; i <= many; ++i) table.set(table.hash(url_number(i)), i, outcome::pending);
        CHECK(table.size() == many);
        url_id found = 0;
        for (url_id i = 1; i <= many; ++i) found += table.find(table.hash(url_number(i))).id == i ? 1 : 0;
        CHECK(found == many);
        CHECK(table.find(table.hash(url_number(many + 1))).id == 0);
        CHECK(table.memory() < many * 48);
    }
}

TEST_SUITE("crawl/url_log") {
    TEST_CASE("what was written is read back, from memory and from disk") {
        url_log log(std::filesystem::temp_directory_path());
        std::vector<std::uint64_t> places;
        for (url_id i = 1; i <= 20'000; ++i) {
            places.push_back(log.append({i, static_cast<std::uint32_t>(i % 7), 3, url_number(i)}));
        }
        url_id right = 0;
        for (url_id i = 1; i <= places.size(); ++i) {
            const waiting_url read = log.read(places[i - 1]);
            if (read.id == i && read.depth == i % 7 && read.redirects == 3 && read.text == url_number(i)) ++right;
        }
        CHECK(right == places.size());
    }

    TEST_CASE("a folder that is not there is told by name") {
        url_log log("/nowhere/at/all");
        const waiting_url large{1, 0, 0, std::string(300'000, 'x')};
        CHECK_THROWS_WITH_AS(log.append(large), doctest::Contains("/nowhere/at/all"), std::system_error);
    }
}
