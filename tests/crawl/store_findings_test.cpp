#include <crawl/store.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <vector>

#include "support/temporary_folder.hpp"

using namespace crawl;

TEST_SUITE("crawl/store") {
    TEST_CASE("of many broken links the first are told, with a few pages that have them, and the rest is counted") {
        const crawl::testing::temporary_folder folder;
        store s(folder / "c.db");
        std::vector<record> records;
        constexpr url_id pages = 7;
        constexpr url_id targets = 30;
        for (url_id page = 1; page <= pages; ++page) {
            records.push_back(discovered_record{page, fmt::format("http://h/page{}", page), 0, outcome::pending, ""});
        }
        for (url_id id = pages + 1; id <= pages + targets; ++id) {
            records.push_back(discovered_record{id, fmt::format("http://h/x{:02}", id), 1, outcome::timed_out, ""});
            for (url_id page = 1; page <= pages; ++page) records.push_back(link_record{page, id, link_kind::a});
        }
        records.push_back(finished_record{.id = 1, .how = outcome::fetched, .status = 200, .text_length = 1});
        records.push_back(fragment_record{2, 1, "lost"});
        s.add(records);
        const auto broken = s.find_broken();
        CHECK(broken.count == targets + 1);
        CHECK(broken.fragments == 1);
        REQUIRE(broken.first.size() == 20);
        CHECK(broken.first[0].target == "http://h/page1#lost");
        CHECK(broken.first[0].further == 0);
        CHECK(broken.first[19].target == "http://h/x26");
        CHECK(broken.first[19].referrers.size() == 5);
        CHECK(broken.first[19].further == 2);
    }
}
