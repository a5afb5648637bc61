#pragma once
// Pauses between fetches from one site.

#include <braid/core/sleep.hpp>
#include <braid/core/task.hpp>
#include <braid/sync/event.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <unordered_map>

#include "url.hpp"

namespace crawl {

/// What a pacer goes by. Tests have a clock of their own.
struct pace_clock {
    braid::time_point (*now)() = [] { return braid::time_point::clock::now(); };
    braid::task<> (*sleep_until)(braid::time_point) = sleep_in_real_time;

    static braid::task<> sleep_in_real_time(braid::time_point then);
};

/// Threads: one.
class pacer {
public:
    /// `delay` is between the starts of two fetches from one origin.
    explicit pacer(std::chrono::milliseconds delay, pace_clock clock = {}) : usual_delay_(delay), clock_(clock) {}

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
    [[nodiscard]] std::size_t waiting_sites() const;

private:
    struct pace {
        std::chrono::milliseconds delay;
        braid::time_point next = braid::time_point::min();
        std::size_t waiting = 0;
    };
    pace& pace_of(const url& target);

    std::chrono::milliseconds usual_delay_;
    pace_clock clock_;
    braid::event stopped_;
    std::unordered_map<std::string, pace> sites_;  // by origin; elements do not move
};

}  // namespace crawl
