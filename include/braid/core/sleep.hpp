#pragma once
// Waiting for time to pass, and giving way.

#include <braid/core/detail/scoped.hpp>

#include <chrono>
#include <string>

namespace braid {

/// Points of time are those of the steady clock.
using time_point = detail::clock::time_point;
using duration = detail::clock::duration;

namespace detail {

/// The point of time that lies so far ahead. Durations too long for the clock mean never, instead of overflowing.
template <class Rep, class Period>
time_point from_now(std::chrono::duration<Rep, Period> time) noexcept {
    using seconds = std::chrono::duration<double>;
    const time_point present = now();
    if (seconds(time) >= seconds(time_point::max() - present)) return time_point::max();
    if (time <= time.zero()) return present;
    return present + std::chrono::ceil<duration>(time);
}

[[nodiscard]] std::string describe_sleep(time_point until, time_point now);

class [[nodiscard]] sleep_operation : public operation, private timer {
public:
    explicit sleep_operation(time_point until) noexcept {
        at = until;
        fire = [](timer* t) noexcept { static_cast<sleep_operation*>(t)->complete_here(); };
    }
    ~sleep_operation() override {
        if (armed()) env().where->disarm(*this);
    }

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        if (!enter(h)) return false;
        if (at <= now()) {  // gives way without a timer
            complete();
            return true;
        }
        env().where->arm(*this);
        listen();
        return true;
    }
    void await_resume() const {
        throw_if_refused();
        if (stopped_) throw_cancelled();
    }

    [[nodiscard]] std::string describe() const override { return describe_sleep(at, env().where->now()); }

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
        const environment& here = *h.promise().env;
        if (here.scope->expired()) cancel_expired(here);
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

/// Suspends until then; for a time that has passed, until everything else that is ready has run. Throws: `cancelled`.
inline detail::sleep_awaitable sleep_until(time_point then) noexcept { return {then}; }

/// Suspends until this long after the call. Throws: `cancelled`.
template <class Rep, class Period>
detail::sleep_awaitable sleep_for(std::chrono::duration<Rep, Period> time) noexcept {
    return {detail::from_now(time)};
}

/// Lets everything else that is ready run first. For loops that compute: `co_await checkpoint()`.
/// Throws: `cancelled`, also when a deadline has passed that the loop had no time to look at.
inline detail::checkpoint_awaitable checkpoint() noexcept { return {}; }

}  // namespace braid
