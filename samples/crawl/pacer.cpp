#include "pacer.hpp"

#include <algorithm>

namespace crawl {

using braid::time_point;

braid::task<> pacer::turn(url target) {
    pace& at = pace_of(target);
    for (;;) {
        const time_point now = time_point::clock::now();
        if (at.next <= now) {
            at.next = now + at.delay;
            co_return;
        }
        co_await braid::sleep_until(at.next);
    }
}

void pacer::pause(const url& target, time_point until) {
    pace& at = pace_of(target);
    at.next = std::max(at.next, until);
}

void pacer::slow_down(const url& target, std::chrono::milliseconds delay) {
    pace& at = pace_of(target);
    at.delay = std::max(at.delay, delay);
    pause(target, time_point::clock::now() + at.delay);
}

bool pacer::is_slow(const url& target) const {
    const auto known = sites_.find(target.origin());
    return (known == sites_.end() ? usual_delay_ : known->second.delay).count() > 0;
}

pacer::pace& pacer::pace_of(const url& target) {
    return sites_.try_emplace(target.origin(), usual_delay_).first->second;
}

}  // namespace crawl
