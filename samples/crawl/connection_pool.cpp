#include "connection_pool.hpp"

#include <utility>

namespace crawl {

std::unique_ptr<connection> connection_pool::take(const url& target) {
    const auto found = by_origin_.find(target.origin());
    if (found == by_origin_.end()) return nullptr;
    auto& idle = found->second;
    std::unique_ptr<connection> usable;
    while (!usable && !idle.empty()) {
        if (idle.back()->silent()) usable = std::move(idle.back());
        idle.pop_back();
        --idle_;
    }
    if (idle.empty()) by_origin_.erase(found);
    return usable;
}

void connection_pool::give_back(const url& target, std::unique_ptr<connection> used) {
    if (!used->reusable() || idle_ >= max_idle_) return;
    by_origin_[target.origin()].push_back(std::move(used));
    ++idle_;
}

}  // namespace crawl
