#pragma once
// job<R>: the handle of work that has already been started, by `submit` of a pool. Awaiting it gives the result.

#include <braid/core/detail/job_state.hpp>

#include <memory>
#include <type_traits>
#include <utility>

namespace braid {

/// Work that runs on its own until somebody awaits it: once. Move-only.
/// Cancellation: in cancelled surroundings `co_await` cancels the work, waits until it has ended and throws
/// `cancelled`; a value that is there all the same, though the wait began before the cancellation, is given.
/// Lifetime: a job that is dropped while it runs is cancelled. In a coroutine it is handed to the enclosing scope,
/// which ends only after it; elsewhere the destructor blocks until the work has ended, except on the very thread
/// that the work needs in order to end, where it is left to end by itself.
/// Threads: a job may be awaited, dropped and cancelled on another home, or thread, than it was started on; the
/// object itself is not to be used by two threads at once, but for `cancel` and `done`.
template <class R = void>
class [[nodiscard("a job that is dropped is cancelled: keep it, and co_await it")]] job {
public:
    using value_type = R;

    /// Nothing: awaiting it is an error.
    job() noexcept = default;
    job(job&&) noexcept = default;
    job& operator=(job&& other) noexcept {
        job(std::move(other)).swap(*this);
        return *this;
    }
    ~job() {
        if (state_) state_->drop();
    }
    void swap(job& other) noexcept { state_.swap(other.state_); }

    /// Asks the work to stop. It ends soon, with `cancelled` unless it has a value; no effect on work that has ended.
    void cancel(cancel_reason why = cancel_reason::user) noexcept {
        if (state_) state_->request_cancel(why);
    }

    /// The work has ended, in whatever way.
    [[nodiscard]] bool done() const noexcept { return !state_ || state_->ended(); }

    /// `co_await job`. Throws: what the work threw; `cancelled`; `usage_error` when its result was already taken.
    detail::job_awaiter<R> operator co_await() & noexcept { return detail::job_awaiter<R>(state_); }
    detail::job_awaiter<R> operator co_await() && noexcept { return detail::job_awaiter<R>(state_); }

    /// The same for plain threads: blocks.
    R get_blocking() {
        detail::require_plain_thread("job::get_blocking", "co_await the job");
        detail::require_job(state_.get());
        state_->wait_blocking();
        return state_->take();
    }

private:
    friend struct detail::job_access;
    explicit job(std::shared_ptr<detail::job_state<R>> state) noexcept : state_(std::move(state)) {}

    std::shared_ptr<detail::job_state<R>> state_;
};

namespace detail {

struct job_access {
    template <class R>
    static job<R> make(std::shared_ptr<job_state<R>> state) noexcept {
        return job<R>(std::move(state));
    }
    template <class R>
    static job_state<R>& state(job<R>& j) noexcept {
        return *j.state_;
    }
};

/// Starts `work` as a root of its own on `where`. It begins at the next turn, never inside this call.
template <class R>
job<R> start_job(task<R> work, std::shared_ptr<home> where) {
    auto state = std::make_shared<root_job<R>>(where);
    root r = run_root(std::move(work), &state->result(), [state] { state->root_ended(); });
    state->attach(r.scope());
    std::move(r).start(std::move(where));
    return job_access::make<R>(std::move(state));
}

template <class R>
job<R> start_job(task<R> work, const boost::asio::any_io_executor& executor) {
    return start_job(std::move(work), home::of(executor));
}

/// The same on the current home. Throws: `usage_error` outside of coroutines.
template <class R>
job<R> start_job(task<R> work) {
    return start_job(std::move(work), current_home_for_job());
}

}  // namespace detail

}  // namespace braid
