#pragma once
// A scope of its own for a part of the work: what group, deadline and race are made of.

#include <braid/core/task.hpp>

namespace braid::detail {

/// `environment& env = co_await this_environment()`. Does not suspend.
class this_environment {
public:
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) noexcept {
        env_ = h.promise().env;
        return false;
    }
    environment& await_resume() const noexcept { return *env_; }

private:
    environment* env_ = nullptr;
};

/// A cancel scope below that of `outer`, and the environment that leads there.
struct scoped_environment {
    explicit scoped_environment(environment& outer) noexcept
        : scope(*outer.scope), env{.where = outer.where, .scope = &scope, .parent = &outer, .same_task = true} {}
    scoped_environment(const scoped_environment&) = delete;
    scoped_environment& operator=(const scoped_environment&) = delete;

    /// Inside, and only inside: what is outside has not been cancelled meanwhile.
    [[nodiscard]] bool only_this_cancelled() const noexcept {
        return scope.cancelled() && !env.parent->scope->cancelled();
    }

    /// What leaves the scope for a `cancelled` that was thrown in it: the reason is that of the surroundings, when
    /// those were cancelled too, whatever cut the work off first.
    [[nodiscard]] std::exception_ptr cancelled_from_outside(std::exception_ptr inside) const {
        const cancel_scope& outside = *env.parent->scope;
        return outside.cancelled() ? std::make_exception_ptr(cancelled(outside.reason())) : inside;
    }

    cancel_scope scope;
    environment env;
};

/// Awaits a task in another environment than the awaiting coroutine's.
template <class T>
class [[nodiscard]] under {
public:
    under(environment& inner, task<T>& work) noexcept : inner_(inner), child_(task_access::handle(work)) {}

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> parent) noexcept {
        promise_base& p = parent.promise();
        outer_ = p.env;
        this_driver.env = &inner_;
        return begin_child(child_, parent, inner_, p.depth);
    }
    T await_resume() {
        this_driver.env = outer_;
        return child_.promise().take();
    }

private:
    environment& inner_;
    environment* outer_ = nullptr;
    std::coroutine_handle<typename task<T>::promise_type> child_;
};

/// Awaits a task and gives how it ended, without throwing that.
template <class T>
class [[nodiscard]] settled {
public:
    explicit settled(task<T>& work) noexcept : child_(task_access::handle(work)) {}

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> parent) const noexcept {
        promise_base& p = parent.promise();
        return begin_child(child_, parent, *p.env, p.depth);
    }
    outcome<T> await_resume() const { return child_.promise().take_outcome(); }

private:
    std::coroutine_handle<typename task<T>::promise_type> child_;
};

/// Waits until everything that a scope has adopted is over. It has been cancelled, so the wait is seen through.
class [[nodiscard]] adopted_done : public operation {
public:
    explicit adopted_done(environment& env) noexcept : watched_(env) {}

    bool await_ready() const noexcept { return watched_.adopted.count == 0; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> h) noexcept {
        enter_regardless(h);
        watched_.adopted.waiter = this;
        listen();
    }
    void await_resume() const noexcept {}
    [[nodiscard]] std::string describe() const override { return "the end of jobs that were dropped"; }

private:
    environment& watched_;
};

/// One piece of adopted work is over. On the home of `env`.
inline void adopted_ended(environment& env) noexcept {
    if (--env.adopted.count != 0 || !env.adopted.waiter) return;
    env.where->post(std::exchange(env.adopted.waiter, nullptr));
}

/// Makes a task of anything that can be awaited, so that it can be handed to a combinator.
template <class T>
task<T> as_task(task<T> work) {
    return work;
}
template <awaitable A>
    requires(!is_task<A>::value)
task<await_result_t<A>> as_task(A work) {
    co_return co_await std::move(work);
}

/// GCC 12 destroys a callable with a destructor twice when it is a temporary in the expression of a co_await
/// (GCC bug 101367), so such callables are refused there before they corrupt memory.
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
template <class F>
inline constexpr bool safe_in_coroutine = std::is_trivially_destructible_v<std::decay_t<F>>;
#else
template <class F>
inline constexpr bool safe_in_coroutine = true;
#endif

}  // namespace braid::detail

/// For functions that take a callable and are called inside a co_await expression.
#define BRAID_REQUIRE_SAFE_CALLABLE(F)                                                               \
    static_assert(                                                                                   \
        ::braid::detail::safe_in_coroutine<F>,                                                       \
        "braid: GCC 12 destroys this callable twice inside a co_await (GCC bug 101367), because it " \
        "captures something with a destructor by value. Capture it by reference, or pass it as an argument.")
