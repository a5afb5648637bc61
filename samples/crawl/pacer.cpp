#include "pacer.hpp"

#include <algorithm>

namespace crawl {

using braid::time_point;

braid::task<> pace_clock::sleep_in_real_time(time_point then) { co_await braid::sleep_until(then); }

braid::task<> pacer::turn(url target) {
    pace& at = pace_of(target);
    for (;;) {
        const time_point now = clock_.now();
        if (at.next <= now) {
            at.next = now + at.delay;
            co_return;
        }
        co_await clock_.sleep_until(at.next);
    }
}

void pacer::pause(const url& target, std::chrono::milliseconds time) {
    pace& at = pace_of(target);
    at.next = std::max(at.next, clock_.now() + time);
}

void pacer::slow_down(const url& target, std::chrono::milliseconds delay) {
    pace& at = pace_of(target);
    at.delay = std::max(at.delay, delay);
    pause(target, at.delay);
}

bool pacer::is_slow(const url& target) const {
    const auto known = sites_.find(target.origin());
    return (known == sites_.end() ? usual_delay_ : known->second.delay).count() > 0;
}

pacer::pace& pacer::pace_of(const url& target) {
    return sites_.try_emplace(target.origin(), usual_delay_).first->second;
}

}  // namespace crawl
