#pragma once
// How fast a crawl is, and how long it will take, from where it was and is. No clock is read: the time is that of the
// snapshots.

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

#include "progress.hpp"

namespace crawl {

/// Per second: in the last few seconds, and since the crawl began.
struct rate {
    double lately = 0;
    double overall = 0;
};

struct rates {
    rate pages{};
    rate received{};  ///< bytes
    /// URLs done of each of the busiest hosts, by its origin, lately. One that was not among them then is not told of.
    std::unordered_map<std::string, double> hosts{};
    /// The number of known URLs hardly grows any more, so that it is as good as the number of all. Only then is there
    /// something to say about the rest.
    bool settled = false;
    std::optional<std::chrono::duration<double>> left{};  ///< until everything is done
};

/// Threads: one.
class progress_rates {
public:
    /// What follows is told of the last of them.
    void add(const progress& now);

    /// It is settled when, in the last quarter of the time, at most one URL was found for ten that were done. That
    /// quarter is 3 s at least, and 30 s at most.
    [[nodiscard]] rates now() const;

private:
    struct moment {
        double at = 0;  // seconds since the crawl began
        std::uint64_t pages = 0;
        std::uint64_t received = 0;
        std::uint64_t done = 0;
        std::uint64_t known = 0;
        std::unordered_map<std::string, std::uint64_t> done_of = {};  // the busiest hosts, by origin
    };

    /// The latest that is at least so many seconds before the last; the first, if none is.
    [[nodiscard]] const moment& before(double seconds) const;
    void compare_hosts(rates& result) const;
    void foresee(rates& result) const;

    std::deque<moment> moments_;  // in order of time, none much older than what is asked for
    bool stopping_ = false;
};

}  // namespace crawl
