#pragma once
// What has been seen and what is still to be fetched: where every URL gets its number and its verdict.
//
// In memory are 21 to 43 bytes for each URL seen, 8 to 16 for each that waits, and 11 to 21 for each page whose content
// is known and each path with queries; the text of those that wait is on disk.

#include <array>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "idle_origin.hpp"
#include "outcome.hpp"
#include "page.hpp"
#include "place_queue.hpp"
#include "priority.hpp"
#include "scope.hpp"
#include "traps.hpp"
#include "url.hpp"
#include "url_log.hpp"
#include "url_table.hpp"

namespace crawl {

struct frontier_options {
    std::uint64_t max_pages = UINT64_MAX;  ///< URLs that may be queued in all
    std::uint32_t max_depth = UINT32_MAX;  ///< links from a start URL
    std::uint32_t max_redirects = 10;      ///< redirects in a row
    std::uint32_t per_host = UINT32_MAX;   ///< fetches of one host and port at a time, until `limit` says otherwise
    bool obey_nofollow = true;
    priority_rules priority{};  ///< within a host
    trap_limits traps{};
    std::filesystem::path folder = std::filesystem::temp_directory_path();  ///< for the URLs that wait
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
    bool nofollow = false;        ///< it is not to be followed from there
    bool in_copy = false;         ///< that is one of many pages with the same content, see is_copy
};

/// Where the frontier is with one host and port.
struct host_state {
    std::size_t queued = 0;
    std::size_t in_flight = 0;
    std::size_t limit = 0;  ///< of those in flight
    std::size_t done = 0;   ///< in this run
};

/// What `add` made of a URL.
struct added {
    url_id id;
    outcome verdict;          ///< `pending` if it is queued, else why it never will be; of the time it was judged last
    bool is_new;              ///< first seen now: to be written to the store
    outcome was = verdict;    ///< if it is not new: the verdict before. Another one is to be written to the store, too
    std::string detail = {};  ///< of the verdict, if there is more to say

    [[nodiscard]] bool changed() const noexcept { return is_new || was != verdict; }
};

/// By priority, and breadth first, within a host; the hosts take turns. A URL that was not to be fetched because of
/// where it was found (too deep, after too many redirects, not to be followed, on a copy) is judged anew when it is
/// found elsewhere. Threads: one.
class frontier {
public:
    frontier(scope within, frontier_options limits);

    added add(const url& found, origin_of_link from);

    /// Adds what is no URL, or of a scheme that is not fetched, under the text it has in the page.
    added add_unfetchable(std::string_view text, outcome why);

    /// Adds one link of a parsed page.
    added add(const link& found, origin_of_link from);

    /// Puts a URL of an earlier run back: one that was `pending` or `cancelled` is queued, another is only known.
    /// Throws: std::runtime_error if what is to be queued is no URL.
    void restore(const waiting_url& known, outcome how);

    /// Takes note of the content of a page. True if as many of its host as may have had it before: then it is likely
    /// that its links lead to more of the same, for ever.
    [[nodiscard]] bool is_copy(std::string_view page, std::uint64_t content_hash) {
        return traps_.is_copy(page, content_hash);
    }

    /// The next URL to fetch, now in flight: each is to be ended by `done`. Nothing if the queue is empty, or holds
    /// only hosts that are at their limit. Throws: std::system_error, as `add` does, if the queue cannot be kept on
    /// disk.
    [[nodiscard]] std::optional<fetch_job> next();

    /// The fetch of this URL ended, whatever its outcome.
    void done(const url& target);

    /// It is not to be fetched now after all: it waits again, and is not in flight any more.
    void put_back(const fetch_job& job);

    /// From now on so many fetches at a time from the URL's host and port, known or not. If they are fewer than before,
    /// what is in flight goes on.
    void limit(const url& target, std::size_t fetches);

    /// Of the host of this origin, known or not.
    [[nodiscard]] host_state state_of(const std::string& origin) const;

    /// Hosts that something is known of.
    [[nodiscard]] std::size_t hosts() const noexcept { return hosts_.size(); }

    /// Forgets such origins of which nothing waits or is in flight, and what limit they had. Their URLs stay known.
    void forget_if(const idle_origin& is_idle);

    /// Empties the queue. Gives the number of URLs that were in it.
    std::size_t drain();

    [[nodiscard]] std::size_t queued() const noexcept { return queued_; }
    [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }
    [[nodiscard]] std::size_t seen() const noexcept { return seen_.size(); }
    /// Bytes held, but for the names of the hosts.
    [[nodiscard]] std::size_t memory() const noexcept;
    /// Nothing is queued or in flight: the crawl is complete.
    [[nodiscard]] bool finished() const noexcept { return queued_ == 0 && in_flight_ == 0; }

private:
    struct host {
        std::array<place_queue, priority_rules::ranks> queues{};  // places in waiting_
        std::size_t limit = 0;
        std::size_t in_flight = 0;
        std::size_t done = 0;
        bool in_turn = false;  // it is in turns_: it has work and may start it

        /// The one that is served next; null if nothing waits.
        [[nodiscard]] place_queue* next() noexcept;
    };
    struct verdict {
        outcome how;
        std::string detail{};
    };

    [[nodiscard]] verdict judge(const url& found, origin_of_link from) const;
    added add_judged(std::string_view text, outcome how);
    host& land(const url& target);
    void enqueue(const waiting_url& what, const std::string& origin);
    void give_turn(host& h);

    scope scope_;
    frontier_options limits_;
    url_table seen_;
    url_log waiting_;
    traps traps_;
    std::unordered_map<std::string, host> hosts_;  // by origin; elements do not move
    std::deque<host*> turns_;
    url_id last_id_ = 0;
    std::uint64_t accepted_ = 0;
    std::size_t queued_ = 0;
    std::size_t in_flight_ = 0;
};

}  // namespace crawl
