#include "process/pool_engine.hpp"

#include "process/batch_call.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace braid::detail {

namespace {

using namespace std::chrono_literals;

// How often to look whether a worker sits on calls that another could run.
constexpr auto look_interval = 2ms;
// More calls than that, come in one turn, are given in runs: see worker_link::worth_waking_for.
constexpr std::size_t few_calls = 8;

}  // namespace

pool_engine::pool_engine(std::shared_ptr<home> where, process_pool_options options, std::vector<std::byte> initialiser,
                         pd::process_services& services, std::shared_ptr<pd::zygote_process> zygote)
    : home_(std::move(where)),
      home_address_(home_.get()),
      options_(std::move(options)),
      initialiser_(std::move(initialiser)),
      services_(services),
      zygote_(std::move(zygote)),
      most_workers_(static_cast<std::size_t>(*options_.workers)),
      room_(options_.max_queued ? std::make_unique<queue_room>(*options_.max_queued) : nullptr) {
    plan_work_.engine = this;
    plan_work_.run = [](work* w) noexcept { static_cast<engine_work*>(w)->engine->carry_out(); };
    look_timer_.engine = this;
    look_timer_.fire = [](timer* t) noexcept { static_cast<engine_timer*>(t)->engine->look_for_stuck_workers(); };
    heartbeat_timer_.engine = this;
    heartbeat_timer_.fire = [](timer* t) noexcept { static_cast<engine_timer*>(t)->engine->look_for_life(); };
    retry_timer_.engine = this;
    retry_timer_.fire = [](timer* t) noexcept { static_cast<engine_timer*>(t)->engine->plan(); };
}

void pool_engine::begin() {
    if (options_.min_workers != 0 || options_.idle_time) make_alarm();
    if (zygote_) zygote_->enter();
    if (options_.min_workers != 0) {
        post([this] { plan(); });
    }
}

void pool_engine::make_alarm() {
    // Not on the thread of output, which may have to wait for whoever reads that.
    alarm_.emplace(services_.answers, [weak = weak_from_this()] {
        std::shared_ptr<pool_engine> self = weak.lock();
        if (!self) return;
        pool_engine& pool = *self;
        std::ignore = pool.post_unless_gone([self = std::move(self)] {
            self->alarm_->rang();
            self->plan();
        });
    });
}

// --- calls

void pool_engine::refuse(call_base& call) noexcept {
    call.withdraw();
    call.fail(
        std::make_exception_ptr(closed(fmt::format("the pool {} is closed: it takes no more calls", options_.name))));
    call.finish();
}

void pool_engine::submit(call_base& call) noexcept {
    if (state_ != state::open) return refuse(call);
    if (turn_began_ == clock::time_point()) turn_began_ = clock::now();
    call.submitted_at_ = turn_began_;
    enqueue(call);
    plan();
}

void pool_engine::cancel(call_base& call) noexcept {
    switch (call.place_) {
        case call_base::place::nowhere:
        case call_base::place::announced:
        case call_base::place::admitted: return;  // it has just ended
        case call_base::place::outside:
        case call_base::place::queued: remove_waiting(call); break;
        case call_base::place::given: call.cancelled_ = true; return;  // by what encodes its arguments
        case call_base::place::at_worker:
            if (!call.worker_->take_back(call)) return call.worker_->stop_begun(call, options_.grace);
            plan();
            break;
    }
    call.cancelled_ = true;
    call_ended(call);
}

void pool_engine::call_ended(call_base& call) noexcept {
    call.place_ = call_base::place::nowhere;
    call.finish();
}

void pool_engine::call_lost(call_base& call, worker_death death, std::uint32_t items) noexcept {
    if (state_ == state::terminated) return call_returned(call);
    if ((call.deaths_ ? call.deaths_->size() : 0) < call.options().retries) {
        if (!call.deaths_) call.deaths_ = std::make_unique<std::vector<worker_died>>();
        call.deaths_->emplace_back(std::move(death));
        return enqueue_again(call);
    }
    if (call.deaths_) death.earlier = std::move(*std::exchange(call.deaths_, nullptr));
    const auto error = std::make_exception_ptr(worker_died(std::move(death)));
    if (batch_call* batch = call.as_batch()) {
        if (batch->fail_next(items, error)) return enqueue_again(call);  // the other items are innocent
    } else {
        call.fail(error);
    }
    call_ended(call);
}

void pool_engine::call_returned(call_base& call) noexcept {
    if (state_ != state::terminated) return enqueue_again(call);
    call.fail(std::make_exception_ptr(cancelled(cancel_reason::shutdown)));
    call_ended(call);
}

void pool_engine::cancellation_arrived() noexcept {
    --cancellations_expected_;
    plan();
}

// --- deciding: once a turn, when everything that happened in it is known

void pool_engine::plan() noexcept {
    if (planned_) return;
    planned_ = shared_from_this();
    home_->post_at_turn_end(&plan_work_);
}

void pool_engine::carry_out() noexcept {
    const auto keep = std::exchange(planned_, nullptr);
    turn_began_ = {};
    const auto now = clock::now();
    assign_queued(now);
    if (queue_.empty() && state_ != state::terminated) even_out(now);
    for (const auto& link : workers_) link->flush(now);
    look_again_if_due();
    if (options_.heartbeat) expect_heartbeats();
    if (state_ == state::closing && queue_.empty()) {
        for (const auto& link : workers_) {
            if (link->in_flight() == 0) link->leave(options_.grace, worker_link::ending::not_needed);
        }
    }
    if (state_ == state::open) retire_workers();
    start_workers_if_needed();
    settle_if_gone();
}

worker_link* pool_engine::least_busy() noexcept {
    worker_link* best = nullptr;
    for (const auto& link : workers_) {
        if (link->has_room() && (!best || link->in_flight() < best->in_flight())) best = link.get();
    }
    return best;
}

/// To wait behind what is at a worker may take less time than to wake another.
worker_link* pool_engine::awake_or_least_busy() noexcept {
    for (const auto& link : workers_) {
        if (link->in_flight() != 0 && link->in_flight() < link->worth_waking_for() && link->has_room())
            return link.get();
    }
    return least_busy();
}

void pool_engine::assign_queued(clock::time_point now) {
    for (const auto& link : workers_) link->begin_turn();
    worker_link* worker = nullptr;
    std::size_t run = 0;
    while (!queue_.empty()) {
        if (run == 0 || !worker->has_room()) {
            const bool are_many = queue_.size() > few_calls;
            worker = are_many ? awake_or_least_busy() : least_busy();
            if (!worker) return;
            run = are_many ? worker->worth_waking_for() : 1;
        }
        --run;
        call_base& call = *take_queued();
        call.waited_ = now - call.submitted_at_;
        give(call, *worker, now);
    }
}

void pool_engine::give(call_base& call, worker_link& worker, clock::time_point now) noexcept {
    call.place_ = call_base::place::given;
    if (!worker.give(call, now)) return call_ended(call);
    if (std::exchange(call.cancelled_, false)) cancel(call);  // meanwhile: nothing of it has been sent
}

// A worker without work takes a call that another has not begun, if that one will be long at what it has. Where it was
// expected to be quick, a second look tells whether it is.
void pool_engine::even_out(clock::time_point now) noexcept {
    for (const auto& idle : workers_) {
        if (!idle->has_room() || idle->in_flight() != 0) continue;
        for (const auto& busy : workers_) {
            if (busy->in_flight() < 2 || busy->wanted() > 2) continue;
            call_base* call = busy->take_back_any();
            if (!call) continue;
            give(*call, *idle, now);
            break;
        }
    }
}

void pool_engine::look_again_if_due() {
    const auto has_calls_waiting = [](const auto& link) { return link->may_keep_waiting(); };
    if (state_ == state::terminated || look_timer_.armed()) return;
    if (std::none_of(workers_.begin(), workers_.end(), has_calls_waiting)) return;
    look_timer_.at = clock::now() + look_interval;
    home_->arm(look_timer_);
}

// Some call is long after all: what is finished before it shall arrive, what waits behind it may run elsewhere.
void pool_engine::look_for_stuck_workers() noexcept {
    for (const auto& busy : workers_) {
        if (!busy->may_keep_waiting() || !busy->stuck_since_last_look()) continue;
        busy->nudge();
        busy->split_batch();
        while (call_base* call = busy->take_back_any()) call_returned(*call);
        busy->expect_long_calls();
    }
    plan();
}

void pool_engine::expect_heartbeats() {
    const bool expected = std::ranges::any_of(workers_, [](const auto& link) { return link->has_to_live(); });
    if (!expected || state_ == state::terminated) return home_->disarm(heartbeat_timer_);
    if (heartbeat_timer_.armed()) return;
    heartbeat_timer_.at = clock::now() + *options_.heartbeat;
    home_->arm(heartbeat_timer_);
}

void pool_engine::look_for_life() noexcept {
    for (const auto& link : workers_) {
        if (link->has_to_live()) link->look_for_life();
    }
    plan();
}

}  // namespace braid::detail
