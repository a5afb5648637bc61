#pragma once
// Pauses between fetches from one site.

#include <braid/core/task.hpp>
#include <braid/sync/event.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <unordered_map>

#include "crawl_clock.hpp"
#include "idle_origin.hpp"
#include "url.hpp"

namespace crawl {

/// Threads: one.
class pacer {
public:
    /// `delay` is between the starts of two fetches from one origin.
    explicit pacer(std::chrono::milliseconds delay, crawl_clock clock = {}) : usual_delay_(delay), clock_(clock) {}

    /// Waits until the site may be asked once more. False if `stop` came first.
    [[nodiscard]] braid::task<bool> turn(url target);

    /// Nobody is to wait any more. What may ask at once still may.
    void stop() noexcept { stopped_.set(); }

    /// Nobody's turn comes before that has passed.
    void pause(const url& target, std::chrono::milliseconds time);

    /// The site wants a longer delay than the others.
    void slow_down(const url& target, std::chrono::milliseconds delay);

    /// Between two fetches from this origin.
    [[nodiscard]] std::chrono::milliseconds delay_of(const std::string& origin) const;

    /// There is a delay, so that fetches may as well follow each other.
    [[nodiscard]] bool is_slow(const url& target) const { return delay_of(target.origin()).count() > 0; }

    /// Sites that somebody waits for.
    [[nodiscard]] std::size_t waiting_sites() const noexcept { return waiting_sites_; }

    /// Sites that something is known of.
    [[nodiscard]] std::size_t sites() const noexcept { return sites_.size(); }

    /// Nobody waits for this origin, and it needs no pause any more.
    [[nodiscard]] bool is_rested(const std::string& origin) const;

    /// Forgets such origins, with the delays that they want.
    void forget_if(const idle_origin& is_idle);

private:
    struct pace {
        std::chrono::milliseconds delay;
        braid::time_point next = braid::time_point::min();
        std::size_t waiting = 0;
    };
    class waiting_one;
    pace& pace_of(const url& target);

    std::chrono::milliseconds usual_delay_;
    crawl_clock clock_;
    braid::event stopped_;
    std::unordered_map<std::string, pace> sites_;  // by origin; elements do not move
    std::size_t waiting_sites_ = 0;
};

}  // namespace crawl
