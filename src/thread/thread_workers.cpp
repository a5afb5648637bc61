#include <braid/thread/detail/thread_workers.hpp>

#include <fmt/format.h>
#include <pthread.h>

#include <utility>

namespace braid::detail {

inner_task::inner_task(thread_call& call, job_state_base& work) : call_(call) {
    const std::lock_guard lock(call_.inner_mutex_);
    call_.inner_ = work.shared_from_this();
    if (call_.stopping()) work.request_cancel(call_.why_);
}

inner_task::~inner_task() {
    const std::lock_guard lock(call_.inner_mutex_);
    call_.inner_.reset();
}

std::exception_ptr foreign_cancellation() noexcept {
    return std::make_exception_ptr(
        error("a call on a pool's thread threw cancelled though nobody had cancelled it: throw an error of its own"));
}

thread_workers::thread_workers(int threads, std::string name) : name_(std::move(name)) {
    try {
        for (int i = 0; i < threads; ++i) threads_.emplace_back([this, i] { work(i); });
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
    {
        const std::lock_guard lock(mutex_);
        if (closed_) throw closed(fmt::format("the thread pool \"{}\" takes no more calls: it was closed", name_));
        queue_.push_back(call);
        ++unfinished_;
    }
    something_to_do_.notify_one();
}

void thread_workers::stop(thread_call& call, cancel_reason why) noexcept {
    {
        const std::lock_guard lock(mutex_);
        if (call.stage_ == thread_call::stage::left) return;
        if (call.stage_ == thread_call::stage::running) return ask_to_stop(call, why);
        static_cast<list_node&>(call).unlink();
        call.stage_ = thread_call::stage::left;
        call.why_ = why;
        call.dropped_ = true;
    }
    call.over_.store(true, std::memory_order_release);
    call.finished();
    call_left();
}

// Under the lock, so that the call, which leaves under it, is still there.
void thread_workers::ask_to_stop(thread_call& call, cancel_reason why) noexcept {
    const std::lock_guard lock(call.inner_mutex_);
    if (!call.stopping()) call.why_ = why;
    call.stopping_.store(true, std::memory_order_relaxed);
    if (call.inner_) call.inner_->request_cancel(why);
}

void thread_workers::close() noexcept {
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }
    something_to_do_.notify_all();
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
            call->stage_ = thread_call::stage::left;
            call->why_ = cancel_reason::shutdown;
            call->dropped_ = true;
            dropped.push_back(*call);
        }
        running_.for_each([this](thread_call& call) { ask_to_stop(call, cancel_reason::shutdown); });
    }
    for (; thread_call* call = dropped.pop_front(); ++count) {
        call->over_.store(true, std::memory_order_release);
        call->finished();
    }
    for (; count > 0; --count) call_left();
}

void thread_workers::join() noexcept {
    for (std::thread& t : threads_) {
        if (t.joinable()) t.join();
    }
}

// Last of all for a call: who waits for the pool to be done may then take it away.
void thread_workers::call_left() noexcept {
    list<waiter> done;
    {
        const std::lock_guard lock(mutex_);
        if (--unfinished_ == 0 && closed_) closers_.move_to(done);
    }
    wake_all(done);
}

void thread_workers::work(int index) noexcept {
    // Linux shows 15 characters of a thread's name.
    ::pthread_setname_np(::pthread_self(), fmt::format("{:.11}-{}", name_, index).substr(0, 15).c_str());
    std::unique_lock lock(mutex_);
    for (;;) {
        something_to_do_.wait(lock, [this] { return closed_ || !queue_.empty(); });
        thread_call* call = queue_.pop_front();
        if (!call) return;
        call->stage_ = thread_call::stage::running;
        running_.push_back(*call);
        lock.unlock();
        call->execute();
        lock.lock();
        static_cast<list_node&>(*call).unlink();
        call->stage_ = thread_call::stage::left;
        lock.unlock();
        call->over_.store(true, std::memory_order_release);
        call->finished();
        call_left();
        lock.lock();
    }
}

}  // namespace braid::detail
