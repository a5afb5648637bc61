// The workers of a pool: how many there are, how they come, and how they go.

#include "process/pool_engine.hpp"

#include <braid/core/detail/spin.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace braid::detail {

namespace {

using namespace std::chrono_literals;

// A pool whose workers cannot be started, or die before they can take a call, stops trying after so many.
constexpr unsigned failed_starts_allowed = 5;
// After a failure it is tried again in twice this time, and after each further one in twice the time before: up to
// 640 ms for calls that wait, and 10 s for workers that are only to be there.
constexpr auto first_retry = 10ms;
constexpr unsigned most_doublings_for_calls = 6;
constexpr unsigned most_doublings = 10;
// A worker that was there for this time was not started in vain, though nobody had a call for it.
constexpr auto long_enough = 10s;

}  // namespace

void pool_engine::start_workers_if_needed() {
    if (state_ == state::terminated) return;
    std::size_t coming = 0;
    std::size_t staying = 0;
    for (const auto& link : workers_) {
        coming += link->coming() ? 1 : 0;
        staying += link->makes_way() ? 0 : 1;
    }
    const std::size_t always = state_ == state::open ? static_cast<std::size_t>(options_.min_workers) : 0;
    while (staying < most_workers_ && (coming < waiting() || staying < always)) {
        if (const auto next = next_start(); next > clock::now()) return wake_at(next);
        start_worker();
        ++coming;
        ++staying;
    }
    // Takes a moment the first time: better now, when the worker is on its way.
    if (coming != 0 && options_.spin.count() != 0) std::ignore = may_spin();
}

clock::time_point pool_engine::next_start() const noexcept {
    if (starts_in_vain_ == 0) return clock::time_point::min();
    const unsigned doublings =
        waiting() != 0 ? std::min(failed_starts_, most_doublings_for_calls) : std::min(starts_in_vain_, most_doublings);
    return last_failure_ + first_retry * (1U << doublings);
}

/// Makes a plan then. If nobody waits for that, it is not what keeps the home's context running.
void pool_engine::wake_at(clock::time_point at) {
    if (alarm_) return alarm_->ring_by(at);
    if (retry_timer_.armed() && retry_timer_.at <= at) return;
    home_->disarm(retry_timer_);
    retry_timer_.at = at;
    home_->arm(retry_timer_);
}

void pool_engine::start_worker() {
    try {
        const auto link = std::make_shared<worker_link>(shared_from_this());
        link->launch();
        workers_.push_back(link);
        ++started_;
    } catch (const std::exception& e) {
        failed_to_start(e.what());
        plan();  // when to try again
    }
}

void pool_engine::worker_started(const std::shared_ptr<worker_link>& link, pd::started_child child) {
    try {
        link->started(std::move(child));
    } catch (const std::exception& e) {  // it has been killed and reaped
        return worker_not_started(link, e.what(), true);
    }
    if (state_ == state::terminated || link->took_too_long()) link->kill();
    plan();  // a pool that is closing may not need it any more
}

void pool_engine::worker_not_started(const std::shared_ptr<worker_link>& link, const std::string& why,
                                     bool may_try_again) {
    link->never_started();
    remove(link);
    if (wants_workers() && !link->was_taken_back()) {
        link->took_too_long() ? failed_to_start(link->violation()) : failed_to_start(why, may_try_again);
    }
    plan();
}

void pool_engine::worker_gone(const std::shared_ptr<worker_link>& link, const pd::exit_status& status) {
    if (link->idle() && clock::now() - link->idle_since() >= long_enough) starts_in_vain_ = 0;
    link->bury(status);
    remove(link);
    count_end(*link);
    if (!link->ran_a_call() && link->ended_for() == worker_link::ending::none && wants_workers())
        failed_to_start(link->why_useless(status));
    plan();
}

void pool_engine::failed_to_start(const std::string& why, bool may_try_again) {
    last_failure_ = clock::now();
    ++starts_in_vain_;
    if (waiting() == 0) {
        failed_starts_ = 0;
        return;
    }
    failed_starts_ = may_try_again ? failed_starts_ + 1 : failed_starts_allowed;
    if (failed_starts_ < failed_starts_allowed || has_ready_worker()) return;
    // Calls that come later are worth as many tries again. Those that are to be there even without work are tried for
    // on and on, ever more seldom.
    failed_starts_ = 0;
    const std::string attempts =
        may_try_again ? fmt::format(", {} times in a row; the last time", failed_starts_allowed) : "";
    fail_queued(std::make_exception_ptr(
        pool_failed(fmt::format("no worker of the pool {} could be started{}: {}", options_.name, attempts, why))));
}

// Between calls: those that are used up, and those that are too many.
void pool_engine::retire_workers() {
    std::size_t staying = 0;
    for (const auto& link : workers_) {
        const auto why = link->used_up();
        if (why != worker_link::ending::none && link->idle()) link->leave(options_.grace, why);
        staying += link->where() == worker_link::state::leaving || link->makes_way() ? 0 : 1;
    }
    if (staying > most_workers_) {
        for (const auto& link : workers_) {
            if (staying == most_workers_) break;
            if (!link->idle()) continue;
            link->leave(options_.grace, worker_link::ending::not_needed);
            --staying;
        }
    }
    if (options_.idle_time) retire_idle_workers(staying);
}

void pool_engine::retire_idle_workers(std::size_t staying) {
    const auto now = clock::now();
    auto next = clock::time_point::max();
    for (const auto& link : workers_) {
        if (staying <= static_cast<std::size_t>(options_.min_workers)) return;
        if (!link->idle()) continue;
        const auto due = link->idle_since() + *options_.idle_time;
        if (due > now) {
            next = std::min(next, due);
            continue;
        }
        link->leave(options_.grace, worker_link::ending::not_needed);
        --staying;
    }
    if (next != clock::time_point::max()) wake_at(next);
}

void pool_engine::resize(std::size_t workers) noexcept {
    most_workers_ = workers;
    plan();
}

void pool_engine::count_end(const worker_link& link) noexcept {
    using ending = worker_link::ending;
    ran_.add(link.ran());
    if (link.ended_for() == ending::none) ++ended_.deaths[static_cast<std::size_t>(link.reason())];
    switch (link.ended_for()) {
        case ending::none:
            ++(link.died_of_a_call()   ? ended_.died_of_calls
               : link.broke_protocol() ? ended_.broke_protocol
                                       : ended_.died_idle);
            break;
        case ending::stopped_call: ++ended_.stopped_calls; break;
        case ending::calls_used_up: ++ended_.calls_used_up; break;
        case ending::memory_used_up: ++ended_.memory_used_up; break;
        case ending::not_needed: ++ended_.not_needed; break;
    }
}

pool_stats pool_engine::stats() const {
    pool_stats now{.queued = queue_.size(), .answered = answered_, .started = started_, .ended = ended_};
    now.awaiting_room = waiting() - queue_.size();
    now.waited = waited_;
    now.ran = ran_;
    now.travelled = travelled_;
    for (const auto& link : workers_) {
        now.workers.push_back(link->stats());
        now.ran.add(link->ran());
        now.in_flight += link->in_flight();
    }
    return now;
}

bool pool_engine::has_ready_worker() const noexcept {
    return std::any_of(workers_.begin(), workers_.end(),
                       [](const auto& link) { return link->where() == worker_link::state::ready; });
}

void pool_engine::remove(const std::shared_ptr<worker_link>& link) { std::erase(workers_, link); }

std::vector<int> pool_engine::worker_pids() const {
    std::vector<int> pids;
    for (const auto& link : workers_) {
        if (link->pid() > 0) pids.push_back(link->pid());
    }
    return pids;
}

}  // namespace braid::detail
