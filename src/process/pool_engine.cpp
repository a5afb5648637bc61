#include "process/pool_engine.hpp"

#include "process/batch_call.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <tuple>
#include <utility>

namespace braid::detail {

namespace {

using namespace std::chrono_literals;

// How often to look whether a worker sits on calls that another could run.
constexpr auto look_interval = 2ms;

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
    if (zygote_) zygote_->enter();
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
    if (options_.min_workers == 0 && !options_.idle_time) return;
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
    post([this] { plan(); });
}

void pool_engine::post_into(inbox& box, const std::function<void()>& post) {
    {
        const std::lock_guard lock(box.mutex);
        post();
        ++box.posts;
    }
    box.posted.notify_all();
}

void pool_engine::post(std::function<void()> then) { std::ignore = post_unless_gone(std::move(then)); }

bool pool_engine::post_unless_gone(std::function<void()> then) {
    const auto box = inbox_;
    bool posted = false;
    post_into(*box, [&] {
        if (!home_) return;
        posted = true;
        ++on_their_way_;
        home_->post_function([self = shared_from_this(), then = std::move(then)] {
            self->arrived();
            then();
        });
    });
    return posted;
}

bool pool_engine::post_unless_gone(work& w) {
    const auto box = inbox_;
    bool posted = false;
    post_into(*box, [&] {
        if (!home_) return;
        posted = true;
        ++on_their_way_;
        home_->post(&w);
    });
    return posted;
}

void pool_engine::arrived() noexcept {
    if (--on_their_way_ == 0 && leaves_) plan();
}

void pool_engine::post_for_call(work& w) {
    const auto box = inbox_;
    post_into(*box, [&] { home_->post(&w); });
}

void pool_engine::post_for(std::shared_ptr<worker_link> link, link_action then) {
    pool_engine& pool = *link->pool_;
    pool.post([link = std::move(link), then = std::move(then)] { then(*link->pool_, link); });
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
        case call_base::place::given: call.cancelled_ = true; return;  // by what encodes its arguments: see give
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

void pool_engine::call_lost(call_base& call, worker_death death) noexcept {
    if (state_ == state::terminated) return call_returned(call);
    if ((call.deaths_ ? call.deaths_->size() : 0) < call.options().retries) {
        if (!call.deaths_) call.deaths_ = std::make_unique<std::vector<worker_died>>();
        call.deaths_->emplace_back(std::move(death));
        return enqueue_again(call);
    }
    if (call.deaths_) death.earlier = std::move(*std::exchange(call.deaths_, nullptr));
    const auto error = std::make_exception_ptr(worker_died(std::move(death)));
    if (batch_call* batch = call.as_batch()) {
        if (batch->fail_next(error)) return enqueue_again(call);  // the other items are innocent
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

void pool_engine::assign_queued(clock::time_point now) {
    for (const auto& link : workers_) link->begin_turn();
    while (!queue_.empty()) {
        worker_link* worker = least_busy();
        if (!worker) return;
        call_base& call = *take_queued();
        call.waited_ = now - call.submitted_at_;
        give(call, *worker, now);
    }
}

void pool_engine::give(call_base& call, worker_link& worker, clock::time_point now) noexcept {
    call.place_ = call_base::place::given;
    if (!worker.give(call, now)) return call_ended(call);
    if (call.cancelled_ && worker.take_back(call)) call_ended(call);  // nothing has been sent
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

// --- the end

void pool_engine::begin_close() noexcept {
    if (state_ == state::open) state_ = state::closing;
    plan();
}

void pool_engine::terminate() noexcept {
    if (state_ == state::terminated) return;
    state_ = state::terminated;
    home_->disarm(retry_timer_);
    home_->disarm(heartbeat_timer_);
    home_->disarm(look_timer_);  // nothing comes back into the queue from now on
    fail_queued(std::make_exception_ptr(cancelled(cancel_reason::shutdown)));
    for (const auto& link : workers_) link->dismiss();
    plan();
}

void pool_engine::when_gone(std::function<void()> then) {
    gone_.push_back(std::move(then));
    plan();
}

void pool_engine::leave_when_gone(std::function<void()> then) {
    leaves_ = true;
    when_gone(std::move(then));
}

// False: something comes that was posted before, a call perhaps, which somebody waits for.
bool pool_engine::leave_home() noexcept {
    std::shared_ptr<home> left;  // it may end with us, and not under the lock
    const std::lock_guard lock(inbox_->mutex);
    if (on_their_way_ != 0) return false;
    left.swap(home_);
    return true;
}

void pool_engine::settle_if_gone() {
    if (state_ == state::open || !workers_.empty() || !queue_.empty() || cancellations_expected_ != 0) return;
    if (!has_left_zygote()) return;
    home_->disarm(look_timer_);
    home_->disarm(heartbeat_timer_);
    home_->disarm(retry_timer_);
    if (alarm_) alarm_->close();
    if (leaves_ && !leave_home()) return;
    for (auto& then : std::exchange(gone_, {})) then();
}

void pool_engine::terminate_blocking() {
    const auto keep = shared_from_this();
    const auto where = home_;
    std::atomic<bool> gone = false;  // set by whoever runs the home, which need not be us
    where->run_here([&] {
        terminate();
        leave_when_gone([&] { gone = true; });
    });
    std::unique_lock lock(inbox_->mutex);
    for (std::uint64_t seen = 0; !gone;) {
        inbox_->posted.wait(lock, [&] { return inbox_->posts != seen || gone; });
        seen = inbox_->posts;
        lock.unlock();
        where->run_here([] {});
        lock.lock();  // at last also waits for a thread that is still posting into the context
    }
}

}  // namespace braid::detail
