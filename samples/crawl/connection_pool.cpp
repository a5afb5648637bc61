#include "connection_pool.hpp"

#include <utility>

namespace crawl {

std::unique_ptr<connection> connection_pool::take(const url& target) {
    const auto found = by_origin_.find(target.origin());
    if (found == by_origin_.end()) return nullptr;
    std::vector<place>& of_origin = found->second;
    std::unique_ptr<connection> usable;
    while (!usable && !of_origin.empty()) {
        const place latest = of_origin.back();
        of_origin.pop_back();
        if (latest->open->silent()) usable = std::move(latest->open);
        idle_.erase(latest);
    }
    if (of_origin.empty()) by_origin_.erase(found);
    return usable;
}

void connection_pool::give_back(const url& target, std::unique_ptr<connection> used) {
    if (!used->reusable()) return;
    const std::string origin = target.origin();
    by_origin_[origin].push_back(idle_.insert(idle_.end(), {origin, std::move(used)}));
    if (idle_.size() > max_idle_) close_oldest();
}

/// Of all, and so of its origin, too.
void connection_pool::close_oldest() {
    const auto of_origin = by_origin_.find(idle_.front().origin);
    of_origin->second.erase(of_origin->second.begin());
    if (of_origin->second.empty()) by_origin_.erase(of_origin);
    idle_.pop_front();
}

}  // namespace crawl
