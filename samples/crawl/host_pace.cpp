#include "host_pace.hpp"

#include <algorithm>
#include <utility>

namespace crawl {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::microseconds no_answer = std::chrono::microseconds::max();
// Smaller differences are noise of networks, and of this machine.
constexpr std::chrono::microseconds counts_for_nothing = 50ms;
constexpr std::uint32_t slow_rounds_to_act = 2;  // one may be a hiccup of this machine, which all in flight suffer from
constexpr std::uint32_t most_rounds_to_grow = 64;
constexpr std::size_t shortest_round = 16;

}  // namespace

host_pace::host_pace(std::uint32_t most) : most_(most), limit_(std::min(most, first_limit)) {}

host_pace::age host_pace::begin() noexcept {
    peak_ = std::max(peak_, ++in_flight_);
    return age_;
}

void host_pace::end(age begun, reaction how, time first_byte) {
    const std::uint32_t parallel = in_flight_--;
    if (begun != age_ || how == reaction::unknown) return;
    if (how == reaction::refused) return give_way(how, parallel);
    round_.push_back(how == reaction::answered ? first_byte : no_answer);
    if (round_is_full()) end_round();
}

bool host_pace::round_is_full() const noexcept {
    // The first rounds are short: with so few at a time there is little to wait for.
    return round_.size() >= std::max<std::size_t>(starting_ && !trial_ ? first_limit : shortest_round, peak_);
}

void host_pace::end_round() {
    const auto middle = round_.begin() + static_cast<std::ptrdiff_t>(round_.size() / 2);
    std::nth_element(round_.begin(), middle, round_.end());
    const time median = *middle;
    round_.clear();
    const std::uint32_t parallel = std::exchange(peak_, in_flight_);
    if (median == no_answer) return give_way(reaction::timed_out, parallel);
    if (trial_) return judge(*std::exchange(trial_, std::nullopt), median);
    best_ = std::min(best_.value_or(median), median);
    if (!is_slow(median)) {
        slow_rounds_ = 0;
        grow();
    } else if (++slow_rounds_ >= slow_rounds_to_act) {
        try_fewer(median, parallel);
    }
}

bool host_pace::is_slow(time median) const noexcept {
    return median > std::max(2 * *best_, *best_ + counts_for_nothing);
}

void host_pace::try_fewer(time median, std::uint32_t parallel) {
    slow_rounds_ = 0;
    const std::uint32_t now = std::min(limit_, parallel);
    if (now <= 1) {
        best_ = median;
        return;
    }
    trial_ = trial{limit_, median};
    fall_to(now / 2);
}

/// Where a host is at its capacity, half as many at a time take half as long.
void host_pace::judge(const trial& made, time median) {
    if (4 * median > 3 * made.median_before) {
        limit_ = made.limit_before;
        best_ = median;
        return;
    }
    starting_ = false;
    best_ = std::min(*best_, median);
    note({made.limit_before, limit_, reaction::answered, *best_, made.median_before});
    if (is_slow(median)) try_fewer(median, limit_);
}

void host_pace::give_way(reaction why, std::uint32_t parallel) {
    starting_ = false;
    trial_.reset();
    slow_rounds_ = 0;
    rounds_to_grow_ = std::min(2 * rounds_to_grow_, most_rounds_to_grow);
    const std::uint32_t now = std::min(limit_, parallel);
    fall_to(std::max(now / 2, 1U));
    if (now > 1) note({now, limit_, why});
}

void host_pace::fall_to(std::uint32_t limit) noexcept {
    limit_ = limit;
    ++age_;
    round_.clear();
    peak_ = 0;
    good_rounds_ = 0;
}

void host_pace::grow() noexcept {
    if (starting_) {
        limit_ = std::min(most_, limit_ > most_ / 2 ? most_ : 2 * limit_);
    } else if (++good_rounds_ >= rounds_to_grow_) {
        good_rounds_ = 0;
        limit_ = std::min(most_, limit_ + std::max(limit_ / 8, 1U));
    }
}

void host_pace::note(slowdown what) {
    if (slowed_) {
        what.from = slowed_->from;
        what.to = std::min(what.to, slowed_->to);
    }
    slowed_ = what;
}

}  // namespace crawl
