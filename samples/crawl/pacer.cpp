#include "pacer.hpp"

#include <braid/core/when_any.hpp>

#include <algorithm>

#include "counted.hpp"

namespace crawl {

using braid::time_point;

braid::task<> pace_clock::sleep_in_real_time(time_point then) { co_await braid::sleep_until(then); }

braid::task<bool> pacer::turn(url target) {
    pace& at = pace_of(target);
    const counted waits(at.waiting);
    for (;;) {
        const time_point now = clock_.now();
        if (at.next <= now) {
            at.next = now + at.delay;
            co_return true;
        }
        if (stopped_.is_set()) co_return false;
        co_await braid::when_any(clock_.sleep_until(at.next), stopped_.wait());
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

std::chrono::milliseconds pacer::delay_of(const std::string& origin) const {
    const auto known = sites_.find(origin);
    return known == sites_.end() ? usual_delay_ : known->second.delay;
}

std::size_t pacer::waiting_sites() const {
    const auto is_waited_for = [](const auto& site) { return site.second.waiting > 0; };
    return static_cast<std::size_t>(std::count_if(sites_.begin(), sites_.end(), is_waited_for));
}

pacer::pace& pacer::pace_of(const url& target) {
    return sites_.try_emplace(target.origin(), usual_delay_).first->second;
}

}  // namespace crawl
