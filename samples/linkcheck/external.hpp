#pragma once
// Links to other hosts: asked for, not read.

#include <braid/core/task.hpp>
#include <braid/core/task_group.hpp>
#include <crawl/fetch.hpp>
#include <crawl/frontier.hpp>
#include <crawl/known_hosts.hpp>
#include <crawl/options.hpp>
#include <crawl/pacer.hpp>
#include <crawl/patience.hpp>
#include <crawl/progress.hpp>
#include <crawl/robots.hpp>
#include <crawl/sqlite.hpp>
#include <crawl/throttle.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace linkcheck {

/// Asks for every URL that the crawl left out for its host, and writes into the database how that ended. The body of an
/// answer is left unread; it is a GET all the same, because many servers answer HEAD with something else. Redirects are
/// followed. It is as polite as the crawl: fetches of one host at a time, delays, throttling and robots.txt. Threads:
/// one, that of its executor.
class external_check {
public:
    /// Throws: std::runtime_error for certificates that cannot be read.
    external_check(boost::asio::any_io_executor executor, const crawl::options& how, crawl::database& found);
    external_check(const external_check&) = delete;
    external_check& operator=(const external_check&) = delete;

    /// Asks until all have answered, or `stop` was called and those that are being asked have. To be awaited once.
    /// Throws: crawl::store_error.
    braid::task<> run();

    /// Asks for nothing further.
    void stop() noexcept { stopping_ = true; }

    [[nodiscard]] crawl::progress now() const;

    [[nodiscard]] std::size_t hosts_remembered() const noexcept { return hosts_.remembered(); }

    /// URLs that came to their end.
    [[nodiscard]] std::uint64_t asked() const noexcept { return asked_; }

private:
    void queue_all();
    void give_up_rest();
    void start_visits(braid::task_group& visits);
    braid::task<> visit(braid::task_group& visits, crawl::fetch_job job);
    braid::task<crawl::fetch_result> obtain(crawl::url target);
    void limit(const crawl::url& target, std::uint32_t fetches);
    void take(const crawl::fetch_job& job, crawl::fetch_result result);
    void end(crawl::url_id id, crawl::outcome how, int status, const std::string& detail);

    std::uint32_t most_redirects_;
    std::uint32_t most_at_a_time_;
    crawl::database& found_;
    crawl::frontier frontier_;  // of hosts that take turns; every redirect waits for the turn of its target
    crawl::fetcher fetcher_;
    crawl::pacer pacer_;
    std::optional<crawl::throttle> throttle_;
    crawl::patient_fetcher patient_;
    crawl::robots robots_;
    crawl::known_hosts hosts_;
    std::optional<crawl::statement> update_;
    bool stopping_ = false;
    std::uint64_t asked_ = 0;
    std::uint64_t errors_ = 0;
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace linkcheck
