#pragma once
// The whole crawl: the stages, and what flows between them.
//
//   frontier -> fetching -> parse_stage (worker processes) -> recorder (a thread of its own)
//       ^                       |
//       +-------- links --------+
//
// Fetching is politely patient: robots -> pacer -> patient_fetcher -> fetcher. How hosts answer goes back to the
// frontier, by way of throttle, as the number of fetches that each of them gets at a time.

#include <braid/core/task.hpp>
#include <braid/core/task_group.hpp>

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "archiver.hpp"
#include "fetch.hpp"
#include "frontier.hpp"
#include "json_lines.hpp"
#include "known_hosts.hpp"
#include "options.hpp"
#include "pacer.hpp"
#include "parse_stage.hpp"
#include "patience.hpp"
#include "progress.hpp"
#include "recorder.hpp"
#include "report.hpp"
#include "robots.hpp"
#include "store.hpp"
#include "throttle.hpp"

namespace crawl {

/// One crawl. Threads: one, that of its executor, which is that of the coroutine that makes it.
class crawler {
public:
    /// Opens the database. Throws: store_error; std::runtime_error for certificates that cannot be read, and for files
    /// of results that cannot be written. Then an earlier crawl in the database is still there.
    /// With no parser given, it is the one that finds what the options ask for. `heard` gets what workers print, which
    /// else goes where this program's own output goes.
    crawler(boost::asio::any_io_executor executor, const options& wanted, page_parser with = nullptr,
            braid::line_callback heard = {});

    /// `collect`, then `complete`: for those who have nothing to do in between. To be awaited once.
    braid::task<> run();

    /// Crawls until everything is done, or `stop` was called and what was in flight is done, and stores it; the
    /// database can be read then, and `result` tells of the whole. Throws: store_error, when the database cannot be
    /// written.
    braid::task<> collect();

    /// The crawl counts as complete from here on, if it was not stopped: the same command begins anew. If what is done
    /// with its results before fails, or is killed, the same command does that again, and fetches nothing.
    /// Throws: store_error.
    braid::task<> complete();

    /// Starts no further fetches. What waits for its site's next turn is given up for now.
    void stop() noexcept {
        stopping_ = true;
        pacer_.stop();
    }

    [[nodiscard]] progress now() const;

    [[nodiscard]] std::size_t hosts_remembered() const noexcept { return hosts_.remembered(); }

    /// What there is to tell after `run`.
    [[nodiscard]] const summary& result() const noexcept { return summary_; }

    /// Why nothing at all could be fetched; empty if something was, or the crawl was stopped.
    [[nodiscard]] std::string total_failure() const;

private:
    void restore();
    braid::task<> crawl_all();
    void open_results();
    void add_seeds();
    void add_sitemap(const url& named);
    void start_visits(braid::task_group& visits);
    braid::task<> visit(braid::task_group& visits, fetch_job job);
    braid::task<fetch_result> obtain(url target);
    void limit(const url& target, std::uint32_t fetches);
    braid::task<> digest(const fetch_job& job, fetched response);
    [[nodiscard]] bool asks_nofollow(const fetched& response) const;
    [[nodiscard]] bool is_worth_parsing(const fetch_job& job, const finished_record& end) const;
    braid::task<bool> keep_earlier(const fetch_job& job, const fetched& response);

    void take(const fetch_job& job, parse_result result, bool nofollow, exported_page& page);
    void take_fragments(const fetch_job& job, page_places found);
    link take_redirect(const fetch_job& job, const std::string& location);
    void found_all(const fetch_job& job, const std::vector<link>& references, bool nofollow,
                   std::optional<std::uint64_t> content);
    added found(const link& reference, url_id page, origin_of_link from);
    void discovered(const added& what, std::string_view text, origin_of_link from, std::string detail);
    void finished(const fetch_job& job, exported_page page);
    void archive(const fetch_job& job, std::shared_ptr<const exchange> wire);
    void note_error(const fetch_job& job, const finished_record& end);
    void note_replaced();
    void note_redirect(const fetch_job& job, const added& target, std::string_view where);
    void note(std::string what);
    void note_cookies();
    [[nodiscard]] std::vector<host_load> busiest_hosts() const;
    void give_up_queued();
    void complete_summary();

    options options_;
    store store_;
    frontier frontier_;
    fetcher fetcher_;
    pacer pacer_;
    std::optional<throttle> throttle_;
    patient_fetcher patient_;
    robots robots_;
    parse_stage parser_;
    std::optional<json_lines> lines_;
    std::optional<archiver> archive_;
    recorder recorder_;
    bool stopping_ = false;
    std::set<url_id> starts_;          // the seeds, and what they redirect to
    std::uint64_t cookies_noted_ = 0;  // changes of the jar that the database knows of
    known_hosts hosts_;
    std::uint64_t done_ = 0;
    std::uint64_t received_ = 0;
    std::uint64_t errors_ = 0;
    crawl_problem last_error_;
    std::string first_error_;
    summary summary_;
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace crawl
