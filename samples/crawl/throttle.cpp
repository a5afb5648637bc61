#include "throttle.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>
#include <variant>

namespace crawl {
namespace {

constexpr std::size_t most_notes = 10;

reaction reaction_of(const fetch_failure& failure) {
    return failure.how == outcome::timed_out ? reaction::timed_out : reaction::unknown;
}

reaction reaction_of(const fetched& response) {
    if (response.status == 429 || response.status == 503) return reaction::refused;
    // Errors of a server in trouble come quickly, and must not make it seem at ease.
    return response.status >= 500 ? reaction::unknown : reaction::answered;
}

std::string reason(const host_pace::slowdown& of) {
    const auto in_ms = [](std::chrono::microseconds time) {
        return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
    };
    switch (of.why) {
        case reaction::refused: return "it answered 429 or 503";
        case reaction::timed_out: return "it did not answer in time";
        default: return fmt::format("it answered after {} ms instead of {} ms", in_ms(of.with_more), in_ms(of.usual));
    }
}

}  // namespace

host_pace::age throttle::begin(const url& target) {
    return hosts_.try_emplace(target.origin(), most_).first->second.begin();
}

void throttle::end(const url& target, host_pace::age begun, const fetch_result& how) {
    host_pace& pace = hosts_.at(target.origin());
    const std::uint32_t before = pace.limit();
    if (const auto* response = std::get_if<fetched>(&how)) {
        pace.end(begun, reaction_of(*response), response->first_byte);
    } else {
        pace.end(begun, reaction_of(std::get<fetch_failure>(how)));
    }
    if (pace.limit() != before) changed_(target, pace.limit());
}

void throttle::tell(told& of, const std::string& origin, const host_pace& pace) {
    const auto& what = pace.slowed();
    if (!what || ++of.in_all > most_notes) return;
    of.first.push_back(fmt::format("{} got {} fetches at a time instead of {}, since {}", origin, what->to, what->from,
                                   reason(*what)));
}

void throttle::forget_if(const idle_origin& is_idle) {
    std::erase_if(hosts_, [&](const auto& host) {
        const auto& [origin, pace] = host;
        if (pace.in_flight() > 0 || !is_idle(origin)) return false;
        tell(forgotten_, origin, pace);
        return true;
    });
}

std::vector<std::string> throttle::notes() const {
    told all = forgotten_;
    for (const auto& [origin, pace] : hosts_) tell(all, origin, pace);
    if (all.in_all > most_notes) {
        all.first.push_back(fmt::format("{} further hosts got fewer fetches at a time, too", all.in_all - most_notes));
    }
    return std::move(all.first);
}

}  // namespace crawl
