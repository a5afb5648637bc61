// What the threads of a pool do: run what is there, steal what others have forked, sleep.

#include <braid/thread/detail/thread_workers.hpp>

#include <braid/thread/detail/fork.hpp>

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <iterator>

namespace braid::detail {

// --- sleepers

/// Under the lock. The one that has slept for longest spreads those that come to live here; the one that has just gone
/// to sleep is still warm.
worker* thread_workers::take_sleeper(bool longest) noexcept {
    if (sleepers_.empty()) return nullptr;
    const auto place = longest ? sleepers_.begin() : std::prev(sleepers_.end());
    worker* const sleeper = *place;
    sleepers_.erase(place);
    resting.store(static_cast<unsigned>(sleepers_.size()), std::memory_order_relaxed);
    return sleeper;
}

void thread_workers::wake_thief() noexcept {
    worker* sleeper = nullptr;
    {
        const std::lock_guard lock(mutex_);
        sleeper = take_sleeper(false);
    }
    if (sleeper) sleeper->where->wake();
}

void thread_workers::wake_all_workers() noexcept {
    for (const auto& w : workers_) w->where->wake();
}

// --- on a worker

void thread_workers::work(worker& me) noexcept {
    // Linux shows 15 characters of a thread's name.
    ::pthread_setname_np(::pthread_self(), fmt::format("{:.11}-{}", name_, me.number).substr(0, 15).c_str());
    this_worker = &me;
    me.where->stop_resting();
    get_up(me);
    constexpr unsigned turns_between_polls = 16;
    unsigned turns = 0;
    while (!done()) {
        const bool lively = run_coroutines(me);
        const bool called = run_calls(me);
        if (me.inhabited && ++turns % turns_between_polls == 0) me.where->poll();
        if (lively || called || steal(me) || look_out(me)) {
            me.napped = false;
        } else {
            rest(me);
        }
    }
    this_worker = nullptr;
}

bool thread_workers::done() noexcept {
    const std::lock_guard lock(mutex_);
    return closed_ && unfinished_ == 0;
}

bool thread_workers::run_coroutines(worker& me) noexcept {
    me.forks_until_turn = worker::forks_a_turn;
    const bool ready = me.where->has_work();
    if (ready) me.where->drive([] {});
    // Though something may always be ready: coroutines that only yield do not hold up forked ones.
    promise_base* const child = me.forks.pop();
    if (child) begin_away(me, *child);
    return ready || child != nullptr;
}

void thread_workers::begin_away(worker& me, promise_base& child) noexcept {
    me.where->drive([&] { (new away_child(me, child))->begin(); });
}

/// The oldest child that another worker has forked and not begun.
bool thread_workers::steal(worker& me) noexcept {
    const std::size_t count = workers_.size();
    for (std::size_t i = 1; i < count; ++i) {
        worker& victim = *workers_[(me.number + i) % count];
        if (promise_base* const child = victim.forks.steal()) {
            begin_away(me, *child);
            return true;
        }
    }
    return false;
}

/// Under the lock.
thread_call* thread_workers::next_call(worker& me) noexcept {
    thread_call* call = me.newcomers.pop_front();
    if (!call && queue_.empty()) queue_arrivals();
    if (!call) call = queue_.pop_front();
    if (queue_.empty()) calls_queued_.store(false, std::memory_order_relaxed);
    if (!call) return nullptr;
    call->stage_ = thread_call::stage::running;
    running_.push_back(*call);
    if (call->lives()) ++living_;
    return call;
}

/// Under the lock.
void thread_workers::leave(thread_call& call) noexcept {
    static_cast<list_node&>(call).unlink();
    call.stage_ = thread_call::stage::left;
    if (call.lives()) --living_;
}

bool thread_workers::run_calls(worker& me) noexcept {
    thread_call* call = nullptr;
    {
        const std::lock_guard lock(mutex_);
        call = next_call(me);
    }
    if (!call) return false;
    std::size_t left = 0;
    for (std::size_t i = 1; call; ++i) {
        const bool over = call->execute(&me);
        thread_call* next = nullptr;
        {
            const std::lock_guard lock(mutex_);
            if (over) leave(*call);
            const std::size_t calls_a_turn = me.inhabited ? 1 : 64;  // one after the other with what lives here
            if (i < calls_a_turn) next = next_call(me);
        }
        if (over) {
            call->tell_end();
            ++left;
        }
        call = next;
    }
    calls_left(left);
    return true;
}

void thread_workers::ended(thread_call& call) noexcept {
    {
        const std::lock_guard lock(mutex_);
        leave(call);
    }
    call.tell_end();
    calls_left(1);
}

/// True when there is something to do soon enough not to go to sleep for it.
bool thread_workers::look_out(worker& me) noexcept {
    return me.before_rest.wait([&] {
        return has_arrivals() || calls_queued_.load(std::memory_order_relaxed) || me.where->has_work() ||
               !nothing_to_steal(me);
    });
}

/// Sleeps until there may be something to do.
void thread_workers::rest(worker& me) noexcept {
    // A thief that goes to sleep may overlook a child that is just being forked, whose parent overlooks the sleeper.
    // That would take a barrier in each fork to exclude; a second look after a nap costs less.
    constexpr std::chrono::milliseconds nap{1};
    constexpr auto without_end = std::chrono::nanoseconds::max();
    bool children_may_come = false;
    bool looks_again = false;
    {
        const std::lock_guard lock(mutex_);
        if (!queue_.empty() || !me.newcomers.empty() || (closed_ && unfinished_ == 0)) return;
        children_may_come = living_ != 0;
        sleepers_.push_back(&me);
        resting.store(static_cast<unsigned>(sleepers_.size()), std::memory_order_seq_cst);
        looks_again = has_arrivals();  // who came before we were seen to rest
    }
    if (looks_again) return get_up(me);
    if (!children_may_come) {
        me.where->sleep(me.inhabited, without_end);
    } else if (nothing_to_steal(me)) {
        me.where->sleep(me.inhabited, me.napped ? without_end : nap);
        me.napped = !me.napped;
    }
    get_up(me);
}

/// Unless somebody has sent for it already.
void thread_workers::get_up(worker& me) noexcept {
    const std::lock_guard lock(mutex_);
    std::erase(sleepers_, &me);
    resting.store(static_cast<unsigned>(sleepers_.size()), std::memory_order_relaxed);
}

bool thread_workers::nothing_to_steal(const worker& me) const noexcept {
    return std::ranges::all_of(workers_, [&](const auto& w) { return w.get() == &me || w->forks.empty(); });
}

}  // namespace braid::detail
