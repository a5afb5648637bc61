#pragma once
// Waiting for time to pass, and giving way.

#include <braid/core/detail/scoped.hpp>

#include <chrono>

namespace braid {

/// Points of time are those of the steady clock.
using time_point = detail::clock::time_point;
using duration = detail::clock::duration;

namespace detail {

class [[nodiscard]] sleep_operation : public operation, private timer {
public:
    explicit sleep_operation(time_point until) noexcept {
        at = until;
        fire = [](timer* t) noexcept { static_cast<sleep_operation*>(t)->complete(); };
    }
    ~sleep_operation() override {
        if (armed()) env().where->disarm(*this);
    }

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        if (!enter(h)) return false;
        env().where->arm(*this);
        listen();
        return true;
    }
    void await_resume() const {
        throw_if_refused();
        if (stopped_) throw_cancelled();
    }

private:
    void on_cancel() noexcept override {
        if (!armed()) return;
        env().where->disarm(*this);
        stopped_ = true;
        complete();
    }

    bool stopped_ = false;
};

struct [[nodiscard]] sleep_awaitable {
    time_point until;
    sleep_operation operator co_await() const noexcept { return sleep_operation(until); }
};

class [[nodiscard]] checkpoint_operation : public operation {
public:
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) noexcept {
        if (!enter(h)) return false;
        env().where->post(this);
        return true;
    }
    void await_resume() const {
        throw_if_refused();
        if (env().scope->cancelled()) throw_cancelled();
    }
};

struct [[nodiscard]] checkpoint_awaitable {
    checkpoint_operation operator co_await() const noexcept { return {}; }
};

}  // namespace detail

/// Suspends until then. Throws: `cancelled`.
inline detail::sleep_awaitable sleep_until(time_point then) noexcept { return {then}; }

/// Suspends for at least this long.
template <class Rep, class Period>
detail::sleep_awaitable sleep_for(std::chrono::duration<Rep, Period> time) noexcept {
    return {detail::clock::now() + std::chrono::duration_cast<duration>(time)};
}

/// Lets everything else that is ready run first. For loops that compute: `co_await checkpoint()`.
/// Throws: `cancelled`.
inline detail::checkpoint_awaitable checkpoint() noexcept { return {}; }

}  // namespace braid
