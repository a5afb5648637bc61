#pragma once
// Which hosts the crawl is busy with.

#include <cstddef>
#include <string>
#include <unordered_map>

#include "url.hpp"

namespace crawl {

/// Hosts and ports of the URLs that are in flight. Threads: one.
class hosts_in_use {
public:
    void begin(const url& visited) { ++visits_[visited.origin()]; }

    /// To be called once for each `begin`.
    void end(const url& visited) {
        const auto host = visits_.find(visited.origin());
        if (host != visits_.end() && --host->second == 0) visits_.erase(host);
    }

    [[nodiscard]] std::size_t count() const noexcept { return visits_.size(); }

    /// Calls `take` with each of their origins.
    template <class Taker>
    void each(Taker take) const {
        for (const auto& [origin, visits] : visits_) take(origin);
    }

private:
    std::unordered_map<std::string, std::size_t> visits_;  // by origin
};

}  // namespace crawl
