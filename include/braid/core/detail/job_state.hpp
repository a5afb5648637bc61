#pragma once
// What a job and the work behind it share: how it ended, who waits for that, and how to ask it to stop.

#include <braid/core/detail/carried_chain.hpp>
#include <braid/core/detail/plain_thread.hpp>
#include <braid/core/detail/root.hpp>

#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <utility>

namespace braid::detail {

struct job_access;

/// Is told, once, that a job has ended. Runs under the lock of the job, on the thread that ended it.
class job_listener {
public:
    virtual void job_ended() noexcept = 0;

protected:
    ~job_listener() = default;
};

/// Owned together by the handle and by the work. Threads: any, unless said otherwise.
class job_state_base : public std::enable_shared_from_this<job_state_base> {
public:
    job_state_base(const job_state_base&) = delete;
    job_state_base& operator=(const job_state_base&) = delete;

    [[nodiscard]] bool ended() const noexcept;

    /// The first request counts.
    void request_cancel(cancel_reason why) noexcept;

    /// Says who is to be told of the end. False, and nothing is told, when it has ended already.
    [[nodiscard]] bool listen(job_listener& listener) noexcept;
    /// From here on the listener is not told any more, nor being told. False when it was told before.
    bool forget_listener() noexcept;

    void wait_blocking() const;

    /// The handle goes away. See `job` for what that means.
    void drop() noexcept;

protected:
    job_state_base() noexcept;
    virtual ~job_state_base() = default;

    /// The work is over and its result in place. Once; the caller keeps the state alive.
    void end() noexcept;

    /// Asks the work to stop. At most once; the work may have ended just before. Without the lock.
    virtual void stop(cancel_reason why) noexcept = 0;
    /// Blocking this thread would keep the work from ending. Under the lock, before the end.
    [[nodiscard]] virtual bool needs_this_thread() const noexcept { return false; }

    mutable std::mutex mutex_;
    bool ended_ = false;  // under mutex_

private:
    /// Tells the scope that took a dropped job over, on its home.
    struct release_work : work {
        job_state_base* state;
    };
    bool adopt_by(environment& env) noexcept;

    mutable std::condition_variable over_;
    bool stop_requested_ = false;       // under mutex_
    job_listener* listener_ = nullptr;  // under mutex_
    environment* adopter_ = nullptr;    // under mutex_ until the end
    release_work release_;
    std::shared_ptr<job_state_base> keep_;  // while release_ is on its way
};

void require_job(const job_state_base* state);

template <class R>
class job_state : public job_state_base {
public:
    result_slot<R>& result() noexcept { return result_; }

    /// After the end, by one thread. Throws: how the work ended; `usage_error` the second time.
    R take() {
        if (std::exchange(taken_, true))
            throw usage_error("the result of this job was already taken: a job is awaited once");
        if (const std::exception_ptr error = result_.error()) way_.arrive(error);
        return result_.take();
    }

protected:
    /// The result is in place. On the thread that it came about on.
    void end_with_result() noexcept {
        if (const std::exception_ptr error = result_.error()) way_.leave(error);
        end();
    }

private:
    result_slot<R> result_;
    carried_chain way_;  // of its exception, to the thread that takes it
    bool taken_ = false;
};

/// Whatever runs on `where` may be running below us on this thread's stack.
[[nodiscard]] bool runs_in_this_thread(const home& where) noexcept;

/// The home that a job started here belongs to. Throws: `usage_error` outside of coroutines.
[[nodiscard]] std::shared_ptr<home> current_home_for_job();

/// The state of a job that is a coroutine.
template <class R>
class root_job : public job_state<R> {
public:
    explicit root_job(std::shared_ptr<home> where) noexcept : home_(std::move(where)) {
        request_.run = [](work* w) noexcept { static_cast<stop_work*>(w)->carry_out(); };
    }

    /// Before the start.
    void attach(cancel_scope& scope) noexcept { request_.scope = &scope; }
    /// On the home.
    void root_ended() noexcept {
        request_.scope = nullptr;
        std::shared_ptr<home> where;
        {
            // A request that arrives from now on finds no home: its context may be gone when it does.
            const std::lock_guard lock(this->mutex_);
            where.swap(home_);
        }
        this->end_with_result();
    }

private:
    /// A request on its way to the home.
    struct stop_work : work {
        void carry_out() noexcept {
            const auto alive = std::move(keep);
            if (scope) scope->cancel(why);
        }
        cancel_scope* scope = nullptr;  // on the home
        cancel_reason why = cancel_reason::user;
        std::shared_ptr<job_state_base> keep;
    };

    void stop(cancel_reason why) noexcept override {
        const std::lock_guard lock(this->mutex_);  // while it is held, the root, and so its context, is there
        if (!home_) return;
        request_.why = why;
        request_.keep = this->shared_from_this();
        home_->post(&request_);
    }
    bool needs_this_thread() const noexcept override { return home_ && runs_in_this_thread(*home_); }

    std::shared_ptr<home> home_;  // under mutex_; null when the root has ended
    stop_work request_;
};

template <class R>
class [[nodiscard]] job_awaiter : public operation, private job_listener {
public:
    explicit job_awaiter(const std::shared_ptr<job_state<R>>& state) noexcept : state_(state) {}

    bool await_ready() const noexcept { return !state_; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) noexcept {
        // The end of the work is waited for in cancelled surroundings too: what has returned must have stopped.
        if (!enter(h)) state_->request_cancel(env().scope->reason());
        if (!state_->listen(*this)) return give_way_if_due();
        operation::listen();
        return true;
    }
    R await_resume() {
        require_job(state_.get());
        throw_if_refused();
        return state_->take();
    }
    [[nodiscard]] std::string describe() const override { return "a job"; }

private:
    void job_ended() noexcept override { complete(); }
    void on_cancel() noexcept override { state_->request_cancel(env().scope->reason()); }

    std::shared_ptr<job_state<R>> state_;  // the handle may be dropped elsewhere meanwhile
};

}  // namespace braid::detail
