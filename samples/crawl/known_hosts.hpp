#pragma once
// The hosts that are visited, and what all stages remember of those that were.

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>

#include "frontier.hpp"
#include "pacer.hpp"
#include "patience.hpp"
#include "robots.hpp"
#include "throttle.hpp"
#include "url.hpp"

namespace crawl {

/// Lets the stages forget hosts that nothing is left to do for, when there are many: a site may have any number of
/// them. Threads: one. Lifetime: less than the stages'.
class known_hosts {
public:
    known_hosts(frontier& queue, pacer& pace, std::optional<throttle>& limits, patient_fetcher& patient,
                robots& rules) noexcept
        : frontier_(queue), pacer_(pace), throttle_(limits), patient_(patient), robots_(rules) {}

    void begin(const url& visited) { ++visits_[visited.origin()]; }
    /// To be called once for each `begin`, when the stages are done with it.
    void end(const url& visited);

    /// Hosts that are visited now.
    [[nodiscard]] std::size_t in_use() const noexcept { return visits_.size(); }
    /// Calls `take` with each of their origins.
    template <class Taker>
    void each_in_use(Taker take) const {
        for (const auto& [origin, visits] : visits_) take(origin);
    }

    /// Hosts that some stage remembers something of: those that something is left to do for, and not many more.
    [[nodiscard]] std::size_t remembered() const noexcept;

private:
    void forget_idle();

    // Links to them may come, and would have their robots.txt read again.
    static constexpr std::size_t most_idle = 1000;

    frontier& frontier_;
    pacer& pacer_;
    std::optional<throttle>& throttle_;
    patient_fetcher& patient_;
    robots& robots_;
    std::unordered_map<std::string, std::size_t> visits_;  // by origin
    std::size_t forget_at_ = most_idle;                    // hosts remembered
};

}  // namespace crawl
