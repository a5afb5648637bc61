#pragma once
// ready_signal<T>: how a child that was started with `task_group::start_ready` says that it can be used now.
//     task<> serve(ready_signal<int> ready, int port) { auto s = listen(port); ready(s.port()); ... }
//     const int port = co_await group.start_ready<int>(serve, 0);

#include <braid/core/detail/group_child.hpp>

#include <exception>
#include <memory>
#include <utility>

namespace braid {

namespace detail {

/// What a starter and its child share until the child is ready, or has ended. On the home of the group.
class ready_state_base : public child_watch {
public:
    using child_watch::child_watch;

    void ended(std::exception_ptr& error) noexcept final;

    /// Throws: `usage_error` the second time.
    void require_first_time();
    void say() noexcept;

    class settled;

private:
    bool said_ = false;
    bool ready_ = false;        // said in time: the starter goes on, the child is like any other
    std::exception_ptr error_;  // how the child ended before it was ready
    settled* starter_ = nullptr;
};

/// Waits until the child is ready, or has ended.
/// Cancellation: cancels the child, and waits until it has ended.
class [[nodiscard]] ready_state_base::settled : public operation {
public:
    explicit settled(ready_state_base& state) noexcept : state_(state) {}

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> h) noexcept {
        enter_regardless(h);
        state_.starter_ = this;
        listen();
    }
    /// Throws: how the child ended; `usage_error` when it ended without a word.
    void await_resume() const;

private:
    void on_cancel() noexcept override {
        if (!state_.ready_) state_.scope.cancel(env().scope->reason());
    }

    ready_state_base& state_;
};

template <class T>
class ready_state final : public ready_state_base {
public:
    using ready_state_base::ready_state_base;
    result_slot<T>& value() noexcept { return value_; }

private:
    result_slot<T> value_;
};

}  // namespace detail

/// Called once by the child: its starter goes on, with this value. Copies speak for the same child.
/// Threads: the home of the group only.
template <class T = void>
class ready_signal {
public:
    /// Throws: `usage_error` when it has been said already.
    template <class U = T>
        requires(!std::is_void_v<T> && std::is_constructible_v<T, U &&>)
    void operator()(U&& value) {
        state_->require_first_time();
        state_->value().return_value(std::forward<U>(value));
        state_->say();
    }
    void operator()()
        requires(std::is_void_v<T>)
    {
        state_->require_first_time();
        state_->say();
    }

private:
    friend class task_group;
    explicit ready_signal(std::shared_ptr<detail::ready_state<T>> state) noexcept : state_(std::move(state)) {}

    std::shared_ptr<detail::ready_state<T>> state_;
};

}  // namespace braid
