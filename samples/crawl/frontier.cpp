#include "frontier.hpp"

#include <stdexcept>

namespace crawl {

added frontier::add(const url& found, origin_of_link from) {
    if (const auto known = seen_.find(found.text()); known != seen_.end()) {
        ++known->second.referrers;
        return {known->second.id, false, known->second.verdict};
    }
    const added result = remember(found.text(), judge(found, from));
    if (result.verdict != outcome::pending) return result;
    ++accepted_;
    ++queued_;
    host& h = hosts_[found.origin()];
    h.queue.push_back({result.id, found, from.depth, from.redirects});
    give_turn(h);
    return result;
}

added frontier::add_unfetchable(std::string_view text, outcome why) {
    if (const auto known = seen_.find(text); known != seen_.end()) {
        ++known->second.referrers;
        return {known->second.id, false, known->second.verdict};
    }
    return remember(text, why);
}

added frontier::add(const link& found, origin_of_link from) {
    // Most links lead to what is known, and a canonical URL needs no parsing to be recognised.
    if (const auto known = seen_.find(found.url); known != seen_.end()) {
        ++known->second.referrers;
        return {known->second.id, false, known->second.verdict};
    }
    if (found.problem.empty()) {
        if (const auto target = parse_url(found.url)) return add(*target, from);
        return add_unfetchable(found.url, outcome::bad_url);
    }
    return add_unfetchable(found.url, found.bad_scheme ? outcome::bad_scheme : outcome::bad_url);
}

std::optional<fetch_job> frontier::next() {
    if (turns_.empty()) return std::nullopt;
    host& h = *turns_.front();
    turns_.pop_front();
    h.in_turn = false;
    fetch_job job = std::move(h.queue.front());
    h.queue.pop_front();
    ++h.in_flight;
    ++in_flight_;
    --queued_;
    give_turn(h);
    return job;
}

void frontier::done(const url& target) {
    const auto h = hosts_.find(target.origin());
    if (h == hosts_.end() || h->second.in_flight == 0) {
        throw std::logic_error("frontier: done without a fetch in flight: " + std::string(target.text()));
    }
    --h->second.in_flight;
    --in_flight_;
    give_turn(h->second);
}

std::vector<fetch_job> frontier::drain() {
    std::vector<fetch_job> left;
    left.reserve(queued_);
    for (auto& [origin, h] : hosts_) {
        for (fetch_job& job : h.queue) left.push_back(std::move(job));
        h.queue.clear();
        h.in_turn = false;
    }
    turns_.clear();
    queued_ = 0;
    return left;
}

std::uint32_t frontier::referrers(std::string_view text) const {
    const auto known = seen_.find(text);
    return known == seen_.end() ? 0 : known->second.referrers;
}

outcome frontier::judge(const url& found, origin_of_link from) const {
    if (!scope_.contains(found)) return outcome::out_of_scope;
    if (from.redirects > limits_.max_redirects) return outcome::too_many_redirects;
    if (from.depth > limits_.max_depth) return outcome::over_depth;
    if (accepted_ >= limits_.max_pages) return outcome::over_page_limit;
    return outcome::pending;
}

added frontier::remember(std::string_view text, outcome verdict) {
    const url_id id = seen_.size() + 1;
    seen_.emplace(text, entry{id, verdict, 1});
    return {id, true, verdict};
}

void frontier::give_turn(host& h) {
    if (h.in_turn || h.queue.empty() || h.in_flight >= limits_.per_host) return;
    h.in_turn = true;
    turns_.push_back(&h);
}

}  // namespace crawl
