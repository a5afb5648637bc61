#pragma once
// The robots.txt of every site: fetched before anything else of it, kept for a day, obeyed.

#include <braid/core/sleep.hpp>
#include <braid/core/task.hpp>
#include <braid/sync/once.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "pacer.hpp"
#include "patience.hpp"
#include "robots_rules.hpp"

namespace crawl {

struct robots_options {
    bool obey = true;
    std::string user_agent = "braid-crawl";
    std::chrono::milliseconds longest_delay{30'000};  ///< that a Crawl-delay can ask for
};

/// Threads: one.
class robots {
public:
    /// `tell` is called with what a user should know: a Crawl-delay that is cut. `found_sitemap` is called with each
    /// sitemap that a robots.txt names.
    robots(robots_options options, patient_fetcher& by, pacer& pace, std::function<void(std::string)> tell,
           std::function<void(const url&)> found_sitemap);

    /// Why the URL may not be fetched, if so. The first who asks about a site fetches its robots.txt, the others wait.
    /// Of a site that cannot be reached at all that is what is said.
    braid::task<std::optional<fetch_failure>> refusal(url target);

private:
    struct site {
        braid::once asked;
        robots_rules rules;
        std::optional<fetch_failure> closed;  // to everything: nobody knows what its rules are
        braid::time_point until = braid::time_point::max();
    };
    braid::task<> ask(site& of, const url& target);
    braid::task<fetch_result> fetch_from(url at);
    void take_rules(site& of, const url& target, const fetched& response);
    std::shared_ptr<site> site_of(const url& target);

    robots_options options_;
    patient_fetcher& fetcher_;
    pacer& pacer_;
    std::function<void(std::string)> tell_;
    std::function<void(const url&)> found_sitemap_;
    std::unordered_map<std::string, std::shared_ptr<site>> sites_;  // by origin
};

}  // namespace crawl
