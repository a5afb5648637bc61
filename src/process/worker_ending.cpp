// How a worker is made to end: asked, or killed when it does not do what it was asked for in time.

#include "process/batch_call.hpp"
#include "process/fault_points.hpp"
#include "process/pool_engine.hpp"
#include "process/worker_link.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace braid::detail {

namespace {

using namespace std::chrono_literals;

// An answer that lies in the worker's buffer needs no more than the worker's watchful thread to have a turn.
constexpr std::chrono::milliseconds answer_patience = 2s;

}  // namespace

void worker_link::arm_kill(std::chrono::milliseconds after) {
    pool_->where().disarm(kill_timer_);
    kill_timer_.at = clock::now() + after;
    pool_->where().arm(kill_timer_);
}

void worker_link::leave(std::chrono::milliseconds grace, ending why) {
    if (ending_ == ending::none) ending_ = why;
    if (state_ != state::ready) {
        if (coming()) kill();
        return;
    }
    state_ = state::leaving;
    pd::pass(pd::step::ends_worker);
    requests_.close();  // the end of the stream: the worker goes by itself
    arm_kill(grace);
}

void worker_link::kill() noexcept {
    condemned_ = true;
    give_back_waiting();
    if (child_) pool_->services().children.kill(*child_);
    if (asked_) pool_->zygote()->take_back(*asked_);
}

void worker_link::dismiss() noexcept {
    if (ending_ == ending::none) ending_ = ending::not_needed;
    kill();
}

/// What it sent makes no sense.
void worker_link::violated(const std::string& what) noexcept { end_for(what, death_reason::broke_protocol); }

/// It means no harm, and is of no use.
void worker_link::unfit(const std::string& what) noexcept { end_for(what, death_reason::unfit); }

void worker_link::end_for(const std::string& what, death_reason fault) noexcept {
    if (violation_.empty()) {
        violation_ = what;
        fault_ = fault;
    }
    if (rings_) rings_->unlink();
    kill();
}

void worker_link::give_back_waiting() noexcept {
    while (!calls_.empty()) {
        call_base& last = call_base::of(calls_.back());
        if (!take_back(last)) return;
        pool_->call_returned(last);
    }
}

// Nothing may begin behind a call whose process may have to be killed: only that call is to end by it.
void worker_link::stop_begun(call_base& call, std::chrono::milliseconds grace) {
    call.stopping_ = true;
    board_.request_stop(call.slot_, call.id_);
    if (call.as_batch()) board_.stop_batch(call.slot_, call.id_);
    if (!is_done(call)) {
        give_back_waiting();
        return watch(call, grace);
    }
    stopping_ ? nudge() : await_answer(call);
}

void worker_link::watch(call_base& stopping, std::chrono::milliseconds patience) {
    stopping_ = &stopping;
    answer_is_due_ = false;
    arm_kill(patience);
}

void worker_link::await_answer(call_base& done) {
    nudge();
    watch(done, std::max(answer_patience, pool_->options().grace));
    answer_is_due_ = true;
}

void worker_link::watch_no_more() {
    stopping_ = nullptr;
    pool_->where().disarm(kill_timer_);
    call_base* next = nullptr;
    calls_.for_each([&](call_entry& entry) { next = call_base::of(entry).stopping_ ? &call_base::of(entry) : next; });
    if (next) is_done(*next) ? await_answer(*next) : watch(*next, pool_->options().grace);
}

void worker_link::grace_is_over() noexcept {
    const std::chrono::milliseconds limit = pool_->options().start_limit;
    if (state_ == state::starting && asked_) {
        if (!condemned_) violation_ = fmt::format("its zygote did not fork it within {} ms", limit.count());
        fault_ = death_reason::unfit;
        condemned_ = true;
        return pool_->zygote()->give_up(*asked_);
    }
    if (state_ == state::initialising) {
        return unfit(
            fmt::format("its initialiser had not returned after {} ms", pool_->options().initialise_limit.count()));
    }
    if (state_ == state::starting)
        return unfit(fmt::format("it was started and said nothing for {} ms", limit.count()));
    // It may have ended meanwhile, its reply waiting behind a call that began before we could take that back.
    if (stopping_ && is_done(*stopping_) && !answer_is_due_) return await_answer(*stopping_);
    if (stopping_ && answer_is_due_) {
        unresponsive_ = true;  // what it runs by now was not asked to stop, and is told so
    } else if (stopping_) {
        ending_ = ending::stopped_call;
    }
    kill();
}

bool worker_link::is_done(const call_base& call) const {
    return board_.state(call.slot_, call.id_) == pd::slot_state::done;
}

}  // namespace braid::detail
