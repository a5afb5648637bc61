#include <braid/thread/detail/elastic_workers.hpp>

#include <braid/core/error.hpp>

#include <fmt/format.h>
#include <pthread.h>

#include <iterator>
#include <utility>

namespace braid::detail {

elastic_workers::elastic_workers(std::size_t most_threads, std::chrono::nanoseconds idle_time, std::string name)
    : most_threads_(most_threads), idle_time_(idle_time), name_(std::move(name)) {}

void elastic_workers::shut_down() noexcept {
    terminate();
    threads ended;
    {
        std::unique_lock lock(mutex_);
        thread_ended_.wait(lock, [this] { return threads_.empty(); });
        ended.swap(ended_);
    }
    join(ended);
}

void elastic_workers::enqueue(thread_call& call) {
    threads ended;
    {
        const std::lock_guard lock(mutex_);
        if (closed_) throw closed(fmt::format("the thread pool \"{}\" takes no more calls: it was closed", name_));
        if (queued_ >= free_ && threads_.size() < most_threads_) {
            try {
                add_thread();
            } catch (...) {
                if (threads_.empty()) throw;  // the others will come to this call in time
            }
        }
        queue_.push_back(call);
        ++queued_;
        ended.swap(ended_);
    }
    something_to_do_.notify_one();
    join(ended);
}

/// Under the lock.
void elastic_workers::add_thread() {
    threads_.emplace_back();
    const auto place = std::prev(threads_.end());
    try {
        *place = std::thread([this, place] { work(place); });
    } catch (...) {
        threads_.erase(place);
        throw;
    }
    ++free_;
}

void elastic_workers::stop(thread_call& call, cancel_reason why) noexcept {
    {
        const std::lock_guard lock(mutex_);
        if (call.stage_ == thread_call::stage::left) return;
        if (call.stage_ == thread_call::stage::running) return call.ask_to_stop(why);
        static_cast<list_node&>(call).unlink();
        --queued_;
        call.drop(why);
    }
    call.tell_end();
}

void elastic_workers::terminate() noexcept {
    list<thread_call> dropped;
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        while (thread_call* call = queue_.pop_front()) {
            call->drop(cancel_reason::shutdown);
            dropped.push_back(*call);
        }
        queued_ = 0;
        running_.for_each([](thread_call& call) { call.ask_to_stop(cancel_reason::shutdown); });
    }
    something_to_do_.notify_all();
    while (thread_call* call = dropped.pop_front()) call->tell_end();
}

std::size_t elastic_workers::size() const noexcept {
    const std::lock_guard lock(mutex_);
    return threads_.size();
}

void elastic_workers::join(threads& ended) noexcept {
    for (std::thread& t : ended) t.join();
}

void elastic_workers::work(threads::iterator me) noexcept {
    std::unique_lock lock(mutex_);
    ::pthread_setname_np(::pthread_self(), fmt::format("{:.10}-{}", name_, made_++).substr(0, 15).c_str());
    for (;;) {
        const bool wanted = something_to_do_.wait_for(lock, idle_time_, [this] { return closed_ || !queue_.empty(); });
        thread_call* const call = queue_.pop_front();
        if (!wanted || !call) break;
        --queued_;
        run(*call, lock);
    }
    --free_;
    threads before;
    before.swap(ended_);
    ended_.splice(ended_.end(), threads_, me);
    thread_ended_.notify_all();  // under the lock: the pool may be gone right after
    lock.unlock();
    join(before);
}

void elastic_workers::run(thread_call& call, std::unique_lock<std::mutex>& lock) noexcept {
    call.stage_ = thread_call::stage::running;
    running_.push_back(call);
    --free_;
    lock.unlock();
    call.execute(nullptr);
    lock.lock();
    static_cast<list_node&>(call).unlink();
    call.stage_ = thread_call::stage::left;
    ++free_;  // before it is told: the next call then needs no other thread
    lock.unlock();
    call.tell_end();
    lock.lock();
}

}  // namespace braid::detail
