#pragma once
// A task group: children that run side by side and cannot outlive the block that started them.

#include <braid/core/detail/child_job.hpp>
#include <braid/core/ready_signal.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <iterator>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace braid {

/// Where children are started; made by `with_task_group`. The first child that fails cancels the others.
/// A child is `f(args...)`, a coroutine. The callable and its arguments are copied or moved into the child's own frame
/// and live as long as the child; pass `std::ref` for what shall be shared. The child begins when the current coroutine
/// next suspends, never inside the call that starts it. Threads: the home of the group's block only.
class task_group {
public:
    explicit task_group(detail::environment& outer) noexcept : inside_(outer), daemon_scope_(inside_.scope) {}
    task_group(const task_group&) = delete;
    task_group& operator=(const task_group&) = delete;

    /// Starts a child. Its value, if it has one, is dropped.
    template <class F, class... Args>
    void start(F&& f, Args&&... args) {
        detail::require_child<F, Args...>();
        begin(detail::call_later(std::forward<F>(f), std::forward<Args>(args)...), inside_.scope);
    }

    /// Starts a child and gives a handle of it. Its failure is the group's, as that of every child, and is told to
    /// whoever awaits the handle too. Dropping the handle cancels this child alone; so does `cancel` of it.
    template <class F, class... Args>
    auto submit(F&& f, Args&&... args) {
        detail::require_child<F, Args...>();
        using result = detail::child_result_t<F, Args...>;
        using handle = detail::child_job<result>;
        auto state = std::make_shared<handle>(inside_.env.where->shared_from_this(), inside_.scope);
        begin_watched(detail::call_later(std::forward<F>(f), std::forward<Args>(args)...), handle::take, state);
        return detail::job_access::make<result>(std::move(state));
    }

    /// Starts a child that serves the others: nobody waits for it. Once the body and every other child have ended, it
    /// is cancelled, with the reason `shutdown`, and awaited.
    template <class F, class... Args>
    void start_daemon(F&& f, Args&&... args) {
        detail::require_child<F, Args...>();
        begin(detail::call_later(std::forward<F>(f), std::forward<Args>(args)...), daemon_scope_);
    }

    /// `T value = co_await g.start_ready<T>(f, args...)` starts `f(ready, args...)` and waits until the child calls
    /// `ready(value)`, a `ready_signal<T>`; from then on it is a child like any other.
    /// Throws: what the child threw before it was ready, which then is no failure of the group; `usage_error` if it
    /// ended without having said so. Cancellation: of the start cancels the child, which has ended when this throws.
    template <class T = void, class F, class... Args>
    task<T> start_ready(F f, Args... args);

    /// `co_await g.join()`: waits until no child but daemons is left; the group can then be used again. Not for its
    /// children, which would wait for themselves. Cancellation: ends the wait only.
    [[nodiscard]] auto join() noexcept;

    /// Cancels all children, and the block itself. They end soon; the block waits for them.
    void cancel(cancel_reason why = cancel_reason::user) noexcept { inside_.scope.cancel(why); }
    [[nodiscard]] bool cancelled() const noexcept { return inside_.scope.cancelled(); }

    /// Children that have not ended, daemons included.
    [[nodiscard]] std::size_t size() const noexcept { return children_.alive + daemons_.alive; }

    /// What has failed after the first failure, in order, so far. The group is gone after the block: the overload of
    /// `with_task_group` that takes a vector tells it all.
    [[nodiscard]] const std::vector<std::exception_ptr>& further_errors() const noexcept { return further_errors_; }

private:
    friend class detail::group_child;
    template <class F>
    friend auto with_task_group(F body, std::vector<std::exception_ptr>& further_errors)
        -> std::invoke_result_t<F&, task_group&>;

    class joined;
    struct joinable;
    /// Children that are waited for together.
    struct crowd {
        std::size_t alive = 0;
        joined* joiners = nullptr;
    };

    template <class T>
    void begin(task<T> child, detail::cancel_scope& scope) {
        begin(new detail::group_child(std::move(child), detail::drop_result<T>, *this, inside_.env, scope), scope);
    }
    template <class T>
    void begin_watched(task<T> child, detail::group_child::take_result take,
                       std::shared_ptr<detail::child_watch> watch) {
        detail::cancel_scope& scope = watch->scope;
        auto* const begun = new detail::group_child(std::move(child), take, *this, inside_.env, scope);
        begun->be_watched(std::move(watch));
        begin(begun, scope);
    }
    void begin(detail::group_child* child, const detail::cancel_scope& scope) noexcept {
        ++crowd_of(scope).alive;
        inside_.env.where->post(child);
    }
    /// A child of that scope has ended.
    void child_ended(const detail::cancel_scope& scope) noexcept {
        crowd& others = crowd_of(scope);
        if (--others.alive == 0 && others.joiners) wake(others);
    }
    static void wake(crowd& empty) noexcept;
    /// A child of that scope, or the body, has failed.
    void fail(std::exception_ptr error, const detail::cancel_scope& scope) noexcept;
    crowd& crowd_of(const detail::cancel_scope& scope) noexcept {
        return &scope == &daemon_scope_ ? daemons_ : children_;
    }
    /// Waits until nothing of the group is left, and ends the daemons when they alone are.
    task<> ended();
    /// Throws the first failure; or `cancelled`, when the surroundings were cancelled and something inside was cut
    /// off by it, or when the group was and has no result.
    void rethrow(bool has_result) const;

    detail::scoped_environment inside_;
    detail::cancel_scope daemon_scope_;
    crowd children_;  // without the daemons
    crowd daemons_;
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

class [[nodiscard]] task_group::joined final : public detail::operation {
public:
    enum class mode : bool { cancellable, regardless };

    joined(crowd& awaited, mode how) noexcept : awaited_(awaited), mode_(how) {}

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) noexcept {
        if (mode_ == mode::regardless) {
            enter_regardless(h);
        } else if (!enter(h)) {
            return false;
        }
        if (awaited_.alive == 0) return give_way_if_due();
        next_ = std::exchange(awaited_.joiners, this);
        waiting_ = true;
        listen();
        return true;
    }
    void await_resume() const {
        throw_if_refused();
        if (stopped_) throw_cancelled();
    }
    [[nodiscard]] std::string describe() const override { return "the children of a group"; }

private:
    friend class task_group;
    void on_cancel() noexcept override;

    crowd& awaited_;
    joined* next_ = nullptr;  // who joins the same
    mode mode_;
    bool waiting_ = false;  // is in the list; once woken, the group may be gone
    bool stopped_ = false;
};

struct [[nodiscard("a join does nothing until it is awaited")]] task_group::joinable {
    crowd& awaited;
    joined operator co_await() const noexcept { return joined(awaited, joined::mode::cancellable); }
};

inline auto task_group::join() noexcept { return joinable{children_}; }

template <class T, class F, class... Args>
task<T> task_group::start_ready(F f, Args... args) {
    BRAID_REQUIRE_SAFE_CALLABLE(F);
    detail::require_child<F, ready_signal<T>, Args...>();
    const detail::environment& here = co_await detail::this_environment();
    if (here.scope->cancelled()) throw braid::cancelled(here.scope->reason());
    const auto state = std::make_shared<detail::ready_state<T>>(inside_.scope);
    using result = detail::child_result_t<F, ready_signal<T>, Args...>;
    begin_watched(detail::call_later(std::move(f), ready_signal<T>(state), std::move(args)...),
                  detail::drop_result<result>, state);
    co_await detail::ready_state_base::settled(*state);
    co_return state->value().take();
}

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
        group.fail(std::current_exception(), group.inside_.scope);
    }
    co_await group.ended();
    std::ranges::move(group.further_errors_, std::back_inserter(further_errors));
    group.rethrow(has_result);
    co_return slot.take();
}

}  // namespace braid
