#include "pacer.hpp"

#include <braid/core/when_any.hpp>

#include <algorithm>

namespace crawl {

using braid::time_point;

/// One more waits for the site, while this lives. Sites are counted here, and not when somebody asks: that is several
/// times a second, and there may be very many.
class pacer::waiting_one {
public:
    waiting_one(pacer& of, pace& at) noexcept : of_(of), at_(at) {
        if (at_.waiting++ == 0) ++of_.waiting_sites_;
    }
    waiting_one(const waiting_one&) = delete;
    waiting_one& operator=(const waiting_one&) = delete;
    ~waiting_one() {
        if (--at_.waiting == 0) --of_.waiting_sites_;
    }

private:
    pacer& of_;
    pace& at_;
};

braid::task<bool> pacer::turn(url target) {
    pace& at = pace_of(target);
    const waiting_one waits(*this, at);
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

bool pacer::is_rested(const std::string& origin) const {
    const auto known = sites_.find(origin);
    return known == sites_.end() || (known->second.waiting == 0 && known->second.next <= clock_.now());
}

void pacer::forget_if(const idle_origin& is_idle) {
    std::erase_if(sites_, [&](const auto& site) { return is_rested(site.first) && is_idle(site.first); });
}

pacer::pace& pacer::pace_of(const url& target) {
    return sites_.try_emplace(target.origin(), usual_delay_).first->second;
}

}  // namespace crawl
