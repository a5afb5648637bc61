#include "known_hosts.hpp"

#include <algorithm>

#include "idle_origin.hpp"

namespace crawl {

void known_hosts::end(const url& visited) {
    const auto host = visits_.find(visited.origin());
    if (host != visits_.end() && --host->second == 0) visits_.erase(host);
    if (pacer_.sites() > forget_at_) forget_idle();
}

/// All are looked at when as many have come as were left the last time, so that a visit costs no more for it, however
/// many there are. Delays that are not over are not forgotten.
void known_hosts::forget_idle() {
    const idle_origin is_idle = [this](const std::string& origin) {
        return !visits_.contains(origin) && frontier_.state_of(origin).queued == 0 && pacer_.is_rested(origin);
    };
    robots_.forget_if(is_idle);
    if (throttle_) throttle_->forget_if(is_idle);
    patient_.forget_if(is_idle);
    frontier_.forget_if(is_idle);
    pacer_.forget_if(is_idle);  // the last: the others go by it
    forget_at_ = std::max(most_idle, 2 * pacer_.sites());
}

std::size_t known_hosts::remembered() const noexcept {
    return std::max({pacer_.sites(), robots_.sites(), throttle_ ? throttle_->hosts() : 0, frontier_.hosts()});
}

}  // namespace crawl
