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

namespace {

/// Takes rows by target and referrer, and keeps the first.
class broken_collector {
public:
    /// A row of another target than the one before. Its `reason` is asked for if it is kept.
    template <class Reason>
    void begin(std::string target, bool is_fragment, Reason reason) {
        last_referrer_.clear();
        ++found_.count;
        if (is_fragment) ++found_.fragments;
        if (keeps()) found_.first.push_back({target, reason(), {}});
        target_ = std::move(target);
    }

    void add(std::string referrer) {
        if (!keeps() || referrer.empty() || referrer == last_referrer_) return;
        broken_link& link = found_.first.back();
        if (link.referrers.size() < broken_links::most_referrers) {
            link.referrers.push_back(referrer);
        } else {
            ++link.further;
        }
        last_referrer_ = std::move(referrer);
    }

    [[nodiscard]] bool is_new(const std::string& target) const { return found_.count == 0 || target != target_; }
    [[nodiscard]] broken_links take() { return std::move(found_); }

private:
    [[nodiscard]] bool keeps() const noexcept { return found_.count <= broken_links::most; }

    broken_links found_;
    std::string target_;
    std::string last_referrer_;
};

}  // namespace

broken_links store::find_broken() {
    statement query(db_,
                    "SELECT target, status, outcome, detail, referrer, 0 FROM broken_links UNION ALL "
                    "SELECT target || '#' || fragment, NULL, 'no such place in the page', NULL, referrer, 1 "
                    "FROM broken_fragments ORDER BY 1, 5");
    broken_collector all;
    const auto reason = [&query] {
        if (query.integer(1) != 0) return query.text(1);
        const std::string detail = query.text(3);
        return detail.empty() ? query.text(2) : fmt::format("{}: {}", query.text(2), detail);
    };
    while (query.step()) {
        std::string target = query.text(0);
        if (all.is_new(target)) all.begin(std::move(target), query.integer(5) != 0, reason);
        all.add(query.text(4));
    }
    return all.take();
}

}  // namespace crawl
