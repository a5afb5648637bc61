#include "progress_rates.hpp"

#include <algorithm>
#include <iterator>

namespace crawl {
namespace {

// Seconds. The first is short enough to see that something changed, and long enough for numbers that can be read.
constexpr double lately = 5;
constexpr double shortest_growth_window = 3;
constexpr double longest_growth_window = 30;
constexpr double most_found_for_one_done = 0.1;

double per_second(std::uint64_t count, double seconds) {
    return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

std::uint64_t increase(std::uint64_t from, std::uint64_t to) { return to > from ? to - from : 0; }

}  // namespace

void progress_rates::add(const progress& now) {
    moments_.push_back({now.elapsed.count(), now.pages, now.received, now.done, now.known()});
    for (const host_load& host : now.busiest) moments_.back().done_of.emplace(host.origin, host.done);
    stopping_ = now.stopping;
    const double oldest = moments_.back().at - longest_growth_window;
    while (moments_.size() > 2 && moments_[1].at <= oldest) moments_.pop_front();
}

rates progress_rates::now() const {
    rates result;
    if (moments_.empty()) return result;
    const moment& last = moments_.back();
    result.pages.overall = per_second(last.pages, last.at);
    result.received.overall = per_second(last.received, last.at);
    const moment& then = before(lately);
    const double time = last.at - then.at;
    const bool compares = time > 0;
    result.pages.lately = compares ? per_second(increase(then.pages, last.pages), time) : result.pages.overall;
    result.received.lately =
        compares ? per_second(increase(then.received, last.received), time) : result.received.overall;
    compare_hosts(result);
    foresee(result);
    return result;
}

void progress_rates::compare_hosts(rates& result) const {
    const moment& last = moments_.back();
    for (const auto& [origin, done] : last.done_of) {
        const auto knew_it = [&](const moment& m) { return m.at > last.at - lately && m.done_of.contains(origin); };
        const auto then = std::find_if(moments_.begin(), moments_.end(), knew_it);
        const double time = last.at - then->at;  // the last one knew it
        if (time > 0) result.hosts[origin] = per_second(increase(then->done_of.at(origin), done), time);
    }
}

/// If a done URL leads to `g` new ones, the rest shrinks by 1 - g with each that is done.
void progress_rates::foresee(rates& result) const {
    const moment& last = moments_.back();
    if (stopping_) return;
    if (last.known > 0 && last.done == last.known) {
        result.settled = true;
        return;
    }
    const moment& then = before(std::clamp(last.at / 4, shortest_growth_window, longest_growth_window));
    const double time = last.at - then.at;
    if (time < shortest_growth_window || last.done <= then.done) return;
    const double done = per_second(last.done - then.done, time);
    const double found = per_second(increase(then.known, last.known), time);
    if (found > done * most_found_for_one_done) return;
    result.settled = true;
    result.left = std::chrono::duration<double>(static_cast<double>(last.known - last.done) / (done - found));
}

const progress_rates::moment& progress_rates::before(double seconds) const {
    const double wanted = moments_.back().at - seconds;
    const auto later = std::find_if(moments_.begin(), moments_.end(), [&](const moment& m) { return m.at > wanted; });
    return later == moments_.begin() ? *later : *std::prev(later);
}

}  // namespace crawl
