#pragma once
// A task group: children that run side by side and cannot outlive the block that started them.

#include <braid/core/detail/scoped.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <functional>
#include <iterator>
#include <type_traits>
#include <utility>
#include <vector>

namespace braid {

class task_group;

namespace detail {

/// The coroutine that a child of a group runs in: it keeps the callable and its arguments alive.
class group_child {
public:
    class promise_type : public awaiting_promise, public work {
    public:
        group_child get_return_object() noexcept {
            return group_child(std::coroutine_handle<promise_type>::from_promise(*this));
        }
        auto final_suspend() const noexcept { return leave{}; }
        void return_void() const noexcept {}
        void unhandled_exception() noexcept { error_ = std::current_exception(); }

    private:
        friend class braid::task_group;
        struct leave {
            bool await_ready() const noexcept { return false; }
            void await_suspend(std::coroutine_handle<promise_type> h) const noexcept { h.promise().settle(); }
            void await_resume() const noexcept {}
        };
        void settle() noexcept;
        void end() noexcept;

        task_group* group_ = nullptr;
        environment own_{};
        std::exception_ptr error_;
    };

private:
    friend class braid::task_group;
    explicit group_child(std::coroutine_handle<promise_type> h) noexcept : coroutine(h) {}
    std::coroutine_handle<promise_type> coroutine;
};

template <class F, class... Args>
group_child run_child(F f, Args... args) {
    co_await std::invoke(std::move(f), std::move(args)...);
}

}  // namespace detail

/// Where children are started; made by `with_task_group`. The first child that fails cancels the others.
/// Threads: the home of the group's block only.
class task_group {
public:
    explicit task_group(detail::environment& outer) noexcept : inside_(outer) {}
    task_group(const task_group&) = delete;
    task_group& operator=(const task_group&) = delete;

    /// Starts `f(args...)`, a coroutine, as a child. The callable and its arguments are copied or moved into the
    /// child's own frame and live as long as the child; pass `std::ref` for what shall be shared. The child
    /// begins when the current coroutine next suspends, never inside `start`.
    template <class F, class... Args>
    void start(F&& f, Args&&... args) {
        static_assert(std::is_invocable_v<std::decay_t<F>, std::decay_t<Args>...>,
                      "braid: this callable cannot be called with these arguments, which a group passes as rvalues "
                      "of their decayed types; pass std::ref(x) for a parameter of type T&");
        static_assert(detail::is_task<std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>>::value,
                      "braid: a child of a group is a coroutine: the callable must return braid::task<>");
        begin(
            detail::run_child<std::decay_t<F>, std::decay_t<Args>...>(std::forward<F>(f), std::forward<Args>(args)...));
    }

    /// Cancels all children, and the block itself. They end soon; the block waits for them.
    void cancel(cancel_reason why = cancel_reason::user) noexcept { inside_.scope.cancel(why); }
    [[nodiscard]] bool cancelled() const noexcept { return inside_.scope.cancelled(); }

    /// Children that have not ended.
    [[nodiscard]] std::size_t size() const noexcept { return alive_; }

    /// What has failed after the first failure, in order, so far. The group is gone after the block: the overload of
    /// `with_task_group` that takes a vector tells it all.
    [[nodiscard]] const std::vector<std::exception_ptr>& further_errors() const noexcept { return further_errors_; }

private:
    friend class detail::group_child::promise_type;
    template <class F>
    friend auto with_task_group(F body, std::vector<std::exception_ptr>& further_errors)
        -> std::invoke_result_t<F&, task_group&>;

    class all_ended;

    void begin(detail::group_child child) noexcept;
    void fail(std::exception_ptr error) noexcept;
    void child_ended(std::exception_ptr error) noexcept;
    /// Throws the first failure; or `cancelled`, when the surroundings were cancelled and something inside was cut
    /// off by it, or when the group was and has no result.
    void rethrow(bool has_result) const;

    detail::scoped_environment inside_;
    std::size_t alive_ = 0;
    detail::operation* joiner_ = nullptr;
    bool cut_off_ = false;  // the body or a child ended by cancellation
    std::exception_ptr first_error_;
    std::vector<std::exception_ptr> further_errors_;
};

/// Runs `body(group)`, a coroutine, waits for it and for every child it started, and returns its value. When
/// the body or a child fails, the rest is cancelled, awaited, and the first failure rethrown.
/// Cancellation: of the caller reaches the body and every child. After `group.cancel()` the block ends normally,
/// unless its body was to give a value and did not get there: then with `cancelled`.
template <class F>
auto with_task_group(F body) -> std::invoke_result_t<F&, task_group&>;

/// The same, and appends what failed after the first failure, during clean-up for instance, to `further_errors`.
template <class F>
auto with_task_group(F body, std::vector<std::exception_ptr>& further_errors) -> std::invoke_result_t<F&, task_group&>;

// Implementation

class task_group::all_ended : public detail::operation {
public:
    explicit all_ended(task_group& group) noexcept : group_(group) {}
    bool await_ready() const noexcept { return group_.alive_ == 0; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> h) noexcept {
        enter_regardless(h);
        group_.joiner_ = this;
        listen();
    }
    void await_resume() const noexcept {}
    [[nodiscard]] std::string describe() const override { return "the children of a group"; }

private:
    task_group& group_;
};

template <class F>
auto with_task_group(F body) -> std::invoke_result_t<F&, task_group&> {
    BRAID_REQUIRE_SAFE_CALLABLE(F);
    std::vector<std::exception_ptr> ignored;
    co_return co_await with_task_group(std::move(body), ignored);
}

template <class F>
auto with_task_group(F body, std::vector<std::exception_ptr>& further_errors) -> std::invoke_result_t<F&, task_group&> {
    BRAID_REQUIRE_SAFE_CALLABLE(F);
    using result = typename std::invoke_result_t<F&, task_group&>::value_type;
    task_group group(co_await detail::this_environment());
    detail::result_slot<result> slot;
    bool has_result = std::is_void_v<result>;
    try {
        auto running = body(group);
        if constexpr (std::is_void_v<result>) {
            co_await detail::under(group.inside_.env, running);
        } else {
            slot.return_value(co_await detail::under(group.inside_.env, running));
            has_result = true;
        }
    } catch (...) {
        group.fail(std::current_exception());
    }
    // Whoever else knows the group may have started a child after the last one ended.
    do {
        co_await task_group::all_ended(group);
        co_await detail::adopted_done(group.inside_.env);
    } while (group.size() != 0);
    std::ranges::move(group.further_errors_, std::back_inserter(further_errors));
    group.rethrow(has_result);
    co_return slot.take();
}

}  // namespace braid
