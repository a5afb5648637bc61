#pragma once
// What has been seen and what is still to be fetched: where every URL gets its number and its verdict.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "outcome.hpp"
#include "page.hpp"
#include "scope.hpp"
#include "url.hpp"

namespace crawl {

using url_id = std::uint64_t;  ///< dense, from 1, in order of discovery

struct frontier_options {
    std::uint64_t max_pages = UINT64_MAX;  ///< URLs that may be queued in all
    std::uint32_t max_depth = UINT32_MAX;  ///< links from a start URL
    std::uint32_t max_redirects = 10;      ///< redirects in a row
    std::uint32_t per_host = UINT32_MAX;   ///< fetches of one host and port at a time
};

/// A URL to fetch.
struct fetch_job {
    url_id id;
    url target;
    std::uint32_t depth;
    std::uint32_t redirects;  ///< how many in a row led here
};

/// Where a URL was found.
struct origin_of_link {
    std::uint32_t depth = 0;      ///< of the URL found: one more than its page's, the same for a redirect
    std::uint32_t redirects = 0;  ///< one more than its page's for a redirect, else 0
};

/// What `add` made of a URL.
struct added {
    url_id id;
    bool is_new;      ///< first seen now: to be written to the store
    outcome verdict;  ///< `pending` if it is queued, else why it never will be; of the first time it was seen
};

/// Breadth first within a host; the hosts take turns. Threads: one.
class frontier {
public:
    frontier(scope within, frontier_options limits) : scope_(std::move(within)), limits_(limits) {}

    added add(const url& found, origin_of_link from);

    /// Adds what is no URL, or of a scheme that is not fetched, under the text it has in the page.
    added add_unfetchable(std::string_view text, outcome why);

    /// Adds one link of a parsed page.
    added add(const link& found, origin_of_link from);

    /// The next URL to fetch, now in flight: each is to be ended by `done`. Nothing if the queue is empty, or holds
    /// only hosts that are at their limit.
    [[nodiscard]] std::optional<fetch_job> next();

    /// The fetch of this URL ended, whatever its outcome.
    void done(const url& target);

    /// Empties the queue: what a crawl that is stopped never fetches.
    [[nodiscard]] std::vector<fetch_job> drain();

    [[nodiscard]] std::size_t queued() const noexcept { return queued_; }
    [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }
    [[nodiscard]] std::size_t seen() const noexcept { return seen_.size(); }
    /// Nothing is queued or in flight: the crawl is complete.
    [[nodiscard]] bool finished() const noexcept { return queued_ == 0 && in_flight_ == 0; }

    /// How often a URL was found; 0 for one that never was.
    [[nodiscard]] std::uint32_t referrers(std::string_view text) const;

private:
    struct entry {
        url_id id;
        outcome verdict;
        std::uint32_t referrers;
    };
    struct host {
        std::deque<fetch_job> queue;
        std::size_t in_flight = 0;
        bool in_turn = false;  // it is in turns_: it has work and may start it
    };
    struct string_hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view s) const noexcept { return std::hash<std::string_view>()(s); }
    };

    [[nodiscard]] outcome judge(const url& found, origin_of_link from) const;
    added remember(std::string_view text, outcome verdict);
    void give_turn(host& h);

    scope scope_;
    frontier_options limits_;
    std::unordered_map<std::string, entry, string_hash, std::equal_to<>> seen_;
    std::unordered_map<std::string, host, string_hash, std::equal_to<>> hosts_;  // by origin; elements do not move
    std::deque<host*> turns_;
    std::uint64_t accepted_ = 0;
    std::size_t queued_ = 0;
    std::size_t in_flight_ = 0;
};

}  // namespace crawl
