#include "external.hpp"

#include <braid/flow/map_concurrent.hpp>
#include <crawl/settings.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <variant>
#include <vector>

namespace linkcheck {
namespace {

using crawl::database;
using crawl::outcome;
using crawl::statement;

/// What is asked for, and then how that ended.
struct inquiry {
    std::int64_t id;
    std::string url;
    outcome how = outcome::fetched;
    int status = 0;
    std::string detail{};
};

std::vector<inquiry> to_be_asked(database& found) {
    statement query(found, "SELECT id, url FROM pages WHERE outcome = ?1");
    query.bind(1, to_string(outcome::out_of_scope));
    std::vector<inquiry> all;
    while (query.step()) all.push_back({query.integer(0), query.text(1)});
    return all;
}

class asker {
public:
    asker(boost::asio::any_io_executor executor, const crawl::options& how)
        : most_redirects_(how.max_redirects),
          fetcher_(std::move(executor), fetching_of(how)),
          pacer_(how.delay),
          patient_(patience_of(how), fetcher_, pacer_) {}

    braid::task<inquiry> ask(inquiry about) {
        crawl::fetch_terms head_only;
        head_only.cut_after = 0;
        auto target = crawl::parse_url(about.url);
        for (std::uint32_t redirects = 0; target; ++redirects) {
            if (redirects > most_redirects_) {
                about.how = outcome::too_many_redirects;
                co_return about;
            }
            crawl::fetch_result result = co_await patient_.fetch(*target, head_only);
            if (auto* failure = std::get_if<crawl::fetch_failure>(&result)) {
                about.how = failure->how;
                about.detail = std::move(failure->message);
                co_return about;
            }
            const auto& answer = std::get<crawl::fetched>(result);
            about.status = answer.status;
            if (answer.location.empty()) co_return about;
            target = resolve(*target, answer.location);
        }
        about.how = outcome::bad_url;
        about.detail = target.error().message;
        co_return about;
    }

private:
    std::uint32_t most_redirects_;
    crawl::fetcher fetcher_;
    crawl::pacer pacer_;
    crawl::patient_fetcher patient_;
};

void write(statement& update, const inquiry& answered) {
    update.bind(1, answered.id);
    update.bind(2, to_string(answered.how));
    if (answered.status != 0) {
        update.bind(3, std::int64_t{answered.status});
    } else {
        update.bind_null(3);
    }
    update.bind_nonempty(4, answered.detail);
    update.run();
}

}  // namespace

braid::task<std::uint64_t> check_external(boost::asio::any_io_executor executor, const crawl::options& how,
                                          crawl::database& found) {
    std::vector<inquiry> all = to_be_asked(found);
    const std::uint64_t count = all.size();
    asker asking(std::move(executor), how);
    const auto ask = [&asking](inquiry about) { return asking.ask(std::move(about)); };
    auto answers = braid::map_concurrent_unordered(how.concurrency, all, ask);
    found.execute("BEGIN");
    statement update(found, "UPDATE pages SET outcome = ?2, status = ?3, detail = ?4 WHERE id = ?1");
    while (auto answered = co_await answers.next()) write(update, *answered);
    found.execute("COMMIT");
    co_return count;
}

}  // namespace linkcheck
