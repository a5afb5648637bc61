// What only the whole of a crawl tells.

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "near_duplicates.hpp"
#include "store.hpp"

namespace crawl {

/// Anew each time: more pages have come, or others.
void store::write_near_copies() {
    std::vector<text_of_page> texts;
    {
        statement query(db_, "SELECT simhash, content_hash, id FROM pages WHERE simhash IS NOT NULL");
        while (query.step()) {
            texts.push_back({static_cast<std::uint64_t>(query.integer(0)), parse_hash(query.text(1)).value_or(0),
                             static_cast<url_id>(query.integer(2))});
        }
    }
    db_.execute("BEGIN; DELETE FROM near_copies");
    statement insert(db_, "INSERT INTO near_copies(page_id, of_id, distance) VALUES(?1, ?2, ?3)");
    for (const near_copy& copy : find_near_copies(std::move(texts))) {
        insert.bind(1, static_cast<std::int64_t>(copy.page));
        insert.bind(2, static_cast<std::int64_t>(copy.of));
        insert.bind(3, std::int64_t{copy.distance});
        insert.run();
    }
    db_.execute("COMMIT");
}

std::vector<broken_link> store::broken_links() {
    statement query(db_,
                    "SELECT target, status, outcome, detail, referrer FROM broken_links UNION ALL "
                    "SELECT target || '#' || fragment, NULL, 'no such place in the page', NULL, referrer "
                    "FROM broken_fragments ORDER BY 1, 5");
    std::vector<broken_link> broken;
    while (query.step()) {
        std::string target = query.text(0);
        if (broken.empty() || broken.back().target != target) {
            const std::string detail = query.text(3);
            const std::string why = detail.empty() ? query.text(2) : fmt::format("{}: {}", query.text(2), detail);
            broken.push_back({std::move(target), query.integer(1) != 0 ? query.text(1) : why, {}});
        }
        std::string referrer = query.text(4);
        auto& referrers = broken.back().referrers;
        const bool known = !referrers.empty() && referrers.back() == referrer;
        if (!referrer.empty() && !known) referrers.push_back(std::move(referrer));
    }
    return broken;
}

}  // namespace crawl
