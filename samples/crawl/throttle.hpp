#pragma once
// As many fetches of each host at a time as it copes with.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "fetch.hpp"
#include "host_pace.hpp"
#include "idle_origin.hpp"
#include "url.hpp"

namespace crawl {

/// A pace for each host. It holds nobody up itself: it tells. Threads: one.
class throttle {
public:
    /// `most` are the fetches of a host that the user allows at a time. `changed` hears of every limit that is another
    /// than before; the first is `first_limit`.
    throttle(std::uint32_t most, std::function<void(const url&, std::uint32_t)> changed)
        : most_(most), changed_(std::move(changed)) {}

    [[nodiscard]] static std::uint32_t first_limit(std::uint32_t most) { return host_pace(most).limit(); }

    /// A fetch begins. What it gives is for `end`.
    [[nodiscard]] host_pace::age begin(const url& target);
    void end(const url& target, host_pace::age begun, const fetch_result& how);

    /// Hosts whose pace is known.
    [[nodiscard]] std::size_t hosts() const noexcept { return hosts_.size(); }

    /// Forgets the pace of such origins, but for what `notes` has to say.
    void forget_if(const idle_origin& is_idle);

    /// A sentence on each host that got fewer than it had; beyond some of them, on how many there are.
    [[nodiscard]] std::vector<std::string> notes() const;

private:
    struct told {
        std::vector<std::string> first;
        std::size_t in_all = 0;
    };
    static void tell(told& of, const std::string& origin, const host_pace& pace);

    std::uint32_t most_;
    std::function<void(const url&, std::uint32_t)> changed_;
    std::unordered_map<std::string, host_pace> hosts_;  // by origin
    told forgotten_;
};

}  // namespace crawl
