#pragma once
// The robots.txt of every site: fetched before anything else of it, kept for a day, obeyed.

#include <braid/core/task.hpp>
#include <braid/sync/once.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "crawl_clock.hpp"
#include "idle_origin.hpp"
#include "pacer.hpp"
#include "patience.hpp"
#include "robots_rules.hpp"

namespace crawl {

struct robots_options {
    bool obey = true;
    std::string user_agent = "braid-crawl";
    std::chrono::milliseconds longest_delay{30'000};  ///< that a Crawl-delay can ask for
    /// Bytes of rules that are kept, of all sites together. Beyond, those that were not asked for the longest time are
    /// forgotten, and read again when they should be needed.
    std::size_t most_memory = std::size_t{64} << 20U;
};

/// Threads: one.
class robots {
public:
    /// `tell` is called with what a user should know: a Crawl-delay that is cut. `found_sitemap` is called with each
    /// sitemap that a robots.txt names.
    robots(robots_options options, patient_fetcher& by, pacer& pace, std::function<void(std::string)> tell,
           std::function<void(const url&)> found_sitemap, crawl_clock clock = {});

    /// Why the URL may not be fetched, if so. The first who asks about a site fetches its robots.txt, the others wait.
    /// Of a site that cannot be reached at all that is what is said.
    braid::task<std::optional<fetch_failure>> refusal(url target);

    /// Sites whose robots.txt is known, or asked for.
    [[nodiscard]] std::size_t sites() const noexcept { return sites_.size(); }

    /// Forgets what is known of such origins: their robots.txt is read again if it should be needed.
    void forget_if(const idle_origin& is_idle);

private:
    struct site {
        braid::once asked;
        robots_rules rules;
        std::optional<fetch_failure> closed;  // to everything: nobody knows what its rules are
        braid::time_point until = braid::time_point::max();
        std::size_t memory = 0;  // of the rules
        std::uint64_t asked_last = 0;
    };
    braid::task<> ask(site& of, const url& target);
    braid::task<fetch_result> fetch_from(url at);
    void take_rules(site& of, const url& target, const fetched& response);
    std::shared_ptr<site> site_of(const url& target);
    void forget_oldest();

    robots_options options_;
    patient_fetcher& fetcher_;
    pacer& pacer_;
    std::function<void(std::string)> tell_;
    std::function<void(const url&)> found_sitemap_;
    crawl_clock clock_;
    std::unordered_map<std::string, std::shared_ptr<site>> sites_;  // by origin
    std::size_t memory_ = 0;                                        // of their rules
    std::uint64_t times_asked_ = 0;
};

}  // namespace crawl
