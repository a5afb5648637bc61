#include <braid/thread/detail/thread_workers.hpp>

#include <braid/core/error.hpp>
#include <braid/thread/detail/fork.hpp>

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <utility>

namespace braid::detail {

// --- calls

inner_task::inner_task(thread_call& call, job_state_base& work) : call_(call) {
    const std::lock_guard lock(call_.inner_mutex_);
    call_.inner_ = work.shared_from_this();
    if (call_.stopping()) work.request_cancel(call_.why_);
}

inner_task::~inner_task() {
    const std::lock_guard lock(call_.inner_mutex_);
    call_.inner_.reset();
}

void thread_call::pass_stop_to(const std::shared_ptr<remote_cancel>& coroutine) noexcept {
    const std::lock_guard lock(inner_mutex_);
    living_ = coroutine;
    if (stopping()) coroutine->request(why_);
}

// Under the pool's lock, so that the call, which leaves under it, is still there.
void thread_call::ask_to_stop(cancel_reason why) noexcept {
    const std::lock_guard lock(inner_mutex_);
    if (!stopping()) why_ = why;
    stopping_.store(true, std::memory_order_relaxed);
    if (inner_) inner_->request_cancel(why);
    if (living_) living_->request(why);
}

void thread_call::tell_end() noexcept {
    over_.store(true, std::memory_order_release);
    finished();
}

std::exception_ptr foreign_cancellation() noexcept {
    return std::make_exception_ptr(
        error("a call on a pool's thread threw cancelled though nobody had cancelled it: throw an error of its own"));
}

// --- from outside

thread_workers::thread_workers(int threads, std::string name) : name_(std::move(name)) {
    try {
        for (unsigned i = 0; i < static_cast<unsigned>(threads); ++i)
            workers_.push_back(std::make_unique<worker>(static_cast<fork_exchange&>(*this), i));
        sleepers_.reserve(workers_.size());
        for (const auto& w : workers_) threads_.emplace_back([this, &me = *w] { work(me); });
    } catch (...) {
        terminate();
        join();
        throw;
    }
}

thread_workers::~thread_workers() {
    terminate();
    join();
}

void thread_workers::enqueue(thread_call& call) {
    worker* sleeper = nullptr;
    {
        const std::lock_guard lock(mutex_);
        if (closed_) throw closed(fmt::format("the thread pool \"{}\" takes no more calls: it was closed", name_));
        queue_.push_back(call);
        ++unfinished_;
        sleeper = take_sleeper();
    }
    if (sleeper) sleeper->where->wake();
}

void thread_workers::stop(thread_call& call, cancel_reason why) noexcept {
    {
        const std::lock_guard lock(mutex_);
        if (call.stage_ == thread_call::stage::left) return;
        if (call.stage_ == thread_call::stage::running) return call.ask_to_stop(why);
        static_cast<list_node&>(call).unlink();
        call.drop(why);
    }
    call.tell_end();
    calls_left(1);
}

void thread_workers::close() noexcept {
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }
    wake_all_workers();
}

bool thread_workers::wait_until_done(waiter& w) noexcept {
    const std::lock_guard lock(mutex_);
    if (unfinished_ == 0) return false;
    closers_.push(w);
    return true;
}

bool thread_workers::forget(waiter& w) noexcept {
    const std::lock_guard lock(mutex_);
    return closers_.remove(w);
}

void thread_workers::terminate() noexcept {
    close();
    list<thread_call> dropped;
    std::size_t count = 0;
    {
        const std::lock_guard lock(mutex_);
        while (thread_call* call = queue_.pop_front()) {
            call->drop(cancel_reason::shutdown);
            dropped.push_back(*call);
        }
        running_.for_each([](thread_call& call) { call.ask_to_stop(cancel_reason::shutdown); });
    }
    for (; thread_call* call = dropped.pop_front(); ++count) call->tell_end();
    calls_left(count);
}

void thread_workers::join() noexcept {
    for (std::thread& t : threads_) {
        if (t.joinable()) t.join();
    }
    // Cancellations may still be on their way to coroutines that have ended.
    for (const auto& w : workers_) {
        w->where->await_posters();
        while (w->where->drive([] {})) {
        }
    }
}

// Last of all for a call: who waits for the pool to be done may then take it away.
void thread_workers::calls_left(std::size_t count) noexcept {
    if (count == 0) return;
    list<waiter> done;
    bool all = false;
    {
        const std::lock_guard lock(mutex_);
        unfinished_ -= count;
        all = unfinished_ == 0 && closed_;
        if (all) closers_.move_to(done);
    }
    if (!all) return;
    wake_all_workers();
    wake_all(done);
}

// --- sleepers

/// Under the lock.
worker* thread_workers::take_sleeper() noexcept {
    if (sleepers_.empty()) return nullptr;
    worker* const sleeper = sleepers_.back();
    sleepers_.pop_back();
    resting.store(static_cast<unsigned>(sleepers_.size()), std::memory_order_relaxed);
    return sleeper;
}

void thread_workers::wake_thief() noexcept {
    worker* sleeper = nullptr;
    {
        const std::lock_guard lock(mutex_);
        sleeper = take_sleeper();
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
    constexpr unsigned turns_between_polls = 16;
    unsigned turns = 0;
    while (!done()) {
        const bool lively = run_coroutines(me);
        const bool called = run_calls(me);
        if (me.inhabited && ++turns % turns_between_polls == 0) me.where->poll();
        if (lively || called || steal(me)) {
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
thread_call* thread_workers::next_call() noexcept {
    thread_call* const call = queue_.pop_front();
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
    const std::size_t calls_a_turn = me.inhabited ? 1 : 64;  // one after the other with what lives here
    thread_call* call = nullptr;
    {
        const std::lock_guard lock(mutex_);
        call = next_call();
    }
    if (!call) return false;
    std::size_t left = 0;
    for (std::size_t i = 1; call; ++i) {
        const bool over = call->execute(me);
        thread_call* next = nullptr;
        {
            const std::lock_guard lock(mutex_);
            if (over) leave(*call);
            if (i < calls_a_turn) next = next_call();
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

/// Sleeps until there may be something to do.
void thread_workers::rest(worker& me) noexcept {
    // A thief that goes to sleep may overlook a child that is just being forked, whose parent overlooks the sleeper.
    // That would take a barrier in each fork to exclude; a second look after a nap costs less.
    constexpr std::chrono::milliseconds nap{1};
    constexpr auto without_end = std::chrono::nanoseconds::max();
    bool children_may_come = false;
    {
        const std::lock_guard lock(mutex_);
        if (!queue_.empty() || (closed_ && unfinished_ == 0)) return;
        children_may_come = living_ != 0;
        sleepers_.push_back(&me);
        resting.store(static_cast<unsigned>(sleepers_.size()), std::memory_order_seq_cst);
    }
    if (!children_may_come) {
        me.where->sleep(me.inhabited, without_end);
    } else if (nothing_to_steal(me)) {
        me.where->sleep(me.inhabited, me.napped ? without_end : nap);
        me.napped = !me.napped;
    }
    const std::lock_guard lock(mutex_);
    std::erase(sleepers_, &me);
    resting.store(static_cast<unsigned>(sleepers_.size()), std::memory_order_relaxed);
}

bool thread_workers::nothing_to_steal(const worker& me) const noexcept {
    return std::ranges::all_of(workers_, [&](const auto& w) { return w.get() == &me || w->forks.empty(); });
}

}  // namespace braid::detail
