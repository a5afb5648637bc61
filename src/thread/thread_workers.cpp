#include <braid/thread/detail/thread_workers.hpp>

#include <braid/core/error.hpp>

#include <fmt/format.h>

#include <utility>

namespace braid::detail {

thread_workers::thread_workers(int threads, std::string name) : name_(std::move(name)) {
    try {
        for (unsigned i = 0; i < static_cast<unsigned>(threads); ++i)
            workers_.push_back(std::make_unique<worker>(static_cast<fork_exchange&>(*this), i));
        for (const auto& w : workers_) sleepers_.push_back(w.get());  // until their threads get up
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
    if (call.lives()) return enqueue_living(call);
    thread_call* before = newest_.load(std::memory_order_relaxed);
    do {
        if (before == no_more()) refuse();
        call.came_before_ = before;
        // Either this sees who rests, or who goes to rest sees this. See rest().
    } while (!newest_.compare_exchange_weak(before, &call, std::memory_order_seq_cst, std::memory_order_relaxed));
    if (resting.load(std::memory_order_seq_cst) != 0) wake_thief();
}

/// Whoever wakes first would take those that were meant for others too: each goes to one of those that sleep.
void thread_workers::enqueue_living(thread_call& call) {
    worker* sleeper = nullptr;
    {
        const std::lock_guard lock(mutex_);
        if (closed_) refuse();
        queue_arrivals();
        ++unfinished_;
        sleeper = take_sleeper(true);
        if (sleeper) {
            sleeper->newcomers.push_back(call);
        } else {
            queue_.push_back(call);
            calls_queued_.store(true, std::memory_order_relaxed);
        }
    }
    if (sleeper) sleeper->where->wake();
}

void thread_workers::enqueue_at(thread_call& call, std::size_t place) {
    worker& chosen = *workers_.at(place);
    {
        const std::lock_guard lock(mutex_);
        if (closed_) refuse();
        ++unfinished_;
        chosen.newcomers.push_back(call);
    }
    chosen.where->wake();
}

void thread_workers::refuse() const {
    throw closed(fmt::format("the thread pool \"{}\" takes no more calls: it was closed", name_));
}

/// Under the lock. Those that came, in that order.
void thread_workers::queue(thread_call* newest) noexcept {
    if (newest == no_more()) return;
    thread_call* oldest = nullptr;
    while (newest) {
        thread_call* const before = std::exchange(newest->came_before_, oldest);
        oldest = std::exchange(newest, before);
    }
    if (oldest) calls_queued_.store(true, std::memory_order_relaxed);
    for (; oldest; oldest = oldest->came_before_) {
        queue_.push_back(*oldest);
        ++unfinished_;
    }
}

bool thread_workers::has_arrivals() const noexcept {
    thread_call* const newest = newest_.load(std::memory_order_seq_cst);
    return newest && newest != no_more();
}

/// Under the lock.
void thread_workers::queue_arrivals() noexcept {
    if (has_arrivals()) queue(newest_.exchange(nullptr, std::memory_order_acquire));
}

void thread_workers::stop(thread_call& call, cancel_reason why) noexcept {
    {
        const std::lock_guard lock(mutex_);
        queue_arrivals();
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
        queue(newest_.exchange(no_more(), std::memory_order_acquire));
    }
    wake_all_workers();
}

bool thread_workers::wait_until_done(waiter& w) noexcept {
    const std::lock_guard lock(mutex_);
    queue_arrivals();
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
        const auto drop_all = [&dropped](list<thread_call>& calls) {
            while (thread_call* call = calls.pop_front()) {
                call->drop(cancel_reason::shutdown);
                dropped.push_back(*call);
            }
        };
        drop_all(queue_);
        for (const auto& w : workers_) drop_all(w->newcomers);
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

}  // namespace braid::detail
