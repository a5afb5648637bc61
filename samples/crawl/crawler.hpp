#pragma once
// The whole crawl: the stages, and what flows between them.
//
//   frontier -> fetcher -> parse_stage (worker processes) -> recorder (a thread of its own)
//       ^                      |
//       +------- links --------+

#include <braid/core/task.hpp>
#include <braid/core/task_group.hpp>

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <string>

#include "fetch.hpp"
#include "frontier.hpp"
#include "options.hpp"
#include "parse_stage.hpp"
#include "progress.hpp"
#include "recorder.hpp"
#include "report.hpp"
#include "store.hpp"

namespace crawl {

/// One crawl. Threads: one, that of its executor, which is that of the coroutine that makes it.
class crawler {
public:
    /// Opens the database. Throws: store_error.
    crawler(boost::asio::any_io_executor executor, const options& wanted, page_parser with = parse_page);

    /// Crawls until everything is done, or `stop` was called and what was in flight is done; then completes the
    /// database. To be awaited once. Throws: store_error, when the database cannot be written.
    braid::task<> run();

    /// Starts no further fetches.
    void stop() noexcept { stopping_ = true; }

    [[nodiscard]] progress now() const;

    /// What there is to tell after `run`.
    [[nodiscard]] const summary& result() const noexcept { return summary_; }

    /// Why nothing at all could be fetched; empty if something was, or the crawl was stopped.
    [[nodiscard]] std::string total_failure() const;

private:
    braid::task<> crawl_all();
    void add_seeds();
    void start_visits(braid::task_group& visits);
    braid::task<> visit(braid::task_group& visits, fetch_job job);
    braid::task<> digest(const fetch_job& job, fetched response);
    braid::task<> parse(const fetch_job& job, fetched response, finished_record& end);

    void found(const link& reference, url_id page, origin_of_link from);
    void discovered(const added& what, std::string_view text, std::uint32_t depth, std::string detail);
    void finished(finished_record end);
    void give_up_queued();
    void complete_summary();

    options options_;
    store store_;
    frontier frontier_;
    fetcher fetcher_;
    parse_stage parser_;
    recorder recorder_;
    bool stopping_ = false;
    std::uint64_t errors_ = 0;
    std::string first_error_;
    summary summary_;
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace crawl
