#pragma once
// How a coroutine, or a plain thread, waits in the queue of a primitive. The primitive says only what for.
//
// That is a small movable struct, a `Wait`:
//     using node = waiter;         what stands in the queue: `waiter`, or derived from it
//     bool take(node* to_queue);   takes what is waited for, if it is there; else queues the node, if there is one
//     bool forget(node&);          takes the node out of the queue; false when it was, or is just being, served
//     R result();                  what the wait gives, once it has been served; may throw
//     void stopped(node&);         optional: what comes between a cancellation and its `wake`

#include <braid/core/detail/environment.hpp>
#include <braid/core/detail/plain_thread.hpp>
#include <braid/sync/detail/waiter.hpp>

#include <condition_variable>
#include <coroutine>
#include <memory>
#include <mutex>
#include <utility>

namespace braid::detail {

/// A coroutine in the queue.
template <class Wait>
class queued_operation final : public operation, private Wait::node {
public:
    explicit queued_operation(Wait& wait) noexcept : wait_(wait) {}

    template <class Promise>
    bool start(std::coroutine_handle<Promise> h) {
        if (!enter(h)) return false;
        if (wait_.take(this)) return give_way_if_due();
        listen();
        return true;
    }
    void throw_if_not_served() const {
        throw_if_refused();
        if (stopped_) throw_cancelled();
    }

private:
    void wake() noexcept override { complete(); }
    void on_cancel() noexcept override {
        stopped_ = wait_.forget(*this);
        if (!stopped_) return;
        if constexpr (requires { wait_.stopped(*this); }) {
            wait_.stopped(*this);
        } else {
            complete();
        }
    }

    Wait& wait_;
    bool stopped_ = false;
};

/// What is there already is taken without any of the machinery of an operation, which is made only to wait.
template <class Wait>
class queued_awaiter {
public:
    explicit queued_awaiter(Wait&& wait) noexcept : wait_(std::move(wait)) {}
    queued_awaiter(const queued_awaiter&) = delete;
    queued_awaiter& operator=(const queued_awaiter&) = delete;
    ~queued_awaiter() {
        if (waited_) std::destroy_at(&operation_);
    }

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        const promise_base& p = h.promise();
        if (this_driver.budget != 0 && !p.env->scope->cancelled() && wait_.take(nullptr)) [[likely]] {
            --this_driver.budget;
            return false;
        }
        std::construct_at(&operation_, wait_);
        waited_ = true;
        return operation_.start(h);
    }
    decltype(auto) await_resume() {
        if (waited_) operation_.throw_if_not_served();
        return wait_.result();
    }

private:
    Wait wait_;
    bool waited_ = false;
    union {
        queued_operation<Wait> operation_;  // once waited_
    };
};

/// What a primitive gives to be awaited. Cancellation: takes the waiter out of the queue; one that was served before it
/// was cancelled returns normally.
template <class Wait>
class [[nodiscard("this does nothing until it is awaited: write co_await")]] queued {
public:
    explicit queued(Wait wait) noexcept : wait_(std::move(wait)) {}
    queued_awaiter<Wait> operator co_await() && noexcept { return queued_awaiter<Wait>(std::move(wait_)); }

private:
    Wait wait_;
};

/// A thread in the queue: blocked, where a coroutine is suspended.
template <class Node>
class blocked final : public Node {
public:
    void wait() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return woken_; });
    }

private:
    void wake() noexcept override {
        const std::lock_guard lock(mutex_);  // held while notifying: the thread then takes this object away
        woken_ = true;
        changed_.notify_one();
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    bool woken_ = false;
};

/// The same wait for a plain thread. Throws: `usage_error` in a coroutine; what the wait throws.
template <class Wait>
decltype(auto) wait_blocking(Wait wait, const char* call, const char* instead) {
    require_plain_thread(call, instead);
    if (!wait.take(nullptr)) {
        blocked<typename Wait::node> here;
        if (!wait.take(&here)) here.wait();
    }
    return wait.result();
}

}  // namespace braid::detail
