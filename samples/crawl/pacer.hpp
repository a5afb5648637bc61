#pragma once
// Pauses between fetches from one site.

#include <braid/core/sleep.hpp>
#include <braid/core/task.hpp>

#include <chrono>
#include <string>
#include <unordered_map>

#include "url.hpp"

namespace crawl {

/// Threads: one.
class pacer {
public:
    /// `delay` is between the starts of two fetches from one origin.
    explicit pacer(std::chrono::milliseconds delay) : usual_delay_(delay) {}

    /// Waits until the site may be asked once more.
    braid::task<> turn(url target);

    /// Nobody's turn comes before that.
    void pause(const url& target, braid::time_point until);

    /// The site wants a longer delay than the others.
    void slow_down(const url& target, std::chrono::milliseconds delay);

    /// There is a delay, so that fetches may as well follow each other.
    [[nodiscard]] bool is_slow(const url& target) const;

private:
    struct pace {
        std::chrono::milliseconds delay;
        braid::time_point next = braid::time_point::min();
    };
    pace& pace_of(const url& target);

    std::chrono::milliseconds usual_delay_;
    std::unordered_map<std::string, pace> sites_;  // by origin; elements do not move
};

}  // namespace crawl
