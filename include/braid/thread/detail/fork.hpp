#pragma once
// How the children of a fork are run: the last one at once, on the stack of its parent; the others afterwards in the
// same way, unless another worker has stolen them meanwhile. What costs more than a push and a pop of the deque is done
// when somebody has stolen or suspended, and not before.

#include <braid/core/detail/carried_chain.hpp>
#include <braid/core/detail/remote_cancel.hpp>
#include <braid/core/task.hpp>
#include <braid/thread/detail/worker.hpp>

#include <array>
#include <atomic>
#include <coroutine>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <utility>

namespace braid::detail {

class fork_base;

/// Levels of forks that may lie on the stack between two unwindings to the driver: what is unwound costs more here than
/// for a chain of awaits, and most divisions of work end before this.
inline constexpr unsigned forks_on_the_stack = 4 * levels_on_the_stack;

/// A child of a fork, whose frame the fork owns.
struct fork_child {
    promise_base* promise;
    std::coroutine_handle<> frame;
};

/// A child on another worker, or on this one after its parent has suspended. It belongs to the thief until it ends.
class away_child : public fork_environment, public work {
public:
    away_child(worker& thief, promise_base& child) noexcept;

    /// Runs the child, on the thief.
    void begin() noexcept;
    /// Threads: any, while it is in the list of its fork.
    void request_cancel(cancel_reason why) noexcept { remote_->request(why); }

private:
    friend class fork_base;
    void body_ended() noexcept;
    void leave() noexcept;
    void report() noexcept;

    worker& thief_;
    promise_base& child_;
    fork_base& parent_;
    cancel_scope scope_;
    std::shared_ptr<remote_cancel> remote_;
    root_entry entry_;            // of the thief's home, once the child has suspended there
    carried_chain way_;           // of the exception with which it failed
    bool* ended_ = nullptr;       // while `begin` is on the stack: to be told that this has gone
    bool refused_ = false;        // the fork had been cancelled: the child was never begun
    away_child* next_ = nullptr;  // of the same fork, under the exchange's lock
};

/// The part of a fork that does not depend on the types of its children.
class fork_base : public fork_environment {
public:
    fork_base(const fork_base&) = delete;
    fork_base& operator=(const fork_base&) = delete;

protected:
    using error_of = std::exception_ptr (*)(promise_base&) noexcept;

    fork_base() noexcept {}
    ~fork_base() {
        if (suspended_) [[unlikely]]
            stop_waiting();
    }

    /// Begins the children, which have been prepared. To be returned from await_suspend: true suspends.
    bool begin(std::coroutine_handle<> waiter, promise_base& caller, const fork_child* children,
               unsigned count) noexcept {
        waiter_ = waiter;
        depth_ = caller.depth + 1;
        children_ = children;
        count_ = left_ = count;
        where = caller.env->where;
        parent = caller.env;
        adopted = {};
        child_ended = &fork_base::local_child_ended;
        std::construct_at(&scope_);
        scope = &scope_;
        if (parent->scope->cancelled()) [[unlikely]] {
            cut_off_ = true;
            return false;
        }
        worker_ = worker_of(*parent);
        if (!worker_) [[unlikely]]
            return go_on_outside();
        if (worker_->forks_until_turn == 0) [[unlikely]]
            return give_way();
        --worker_->forks_until_turn;
        return fork();
    }

    /// Takes a task over and says where it belongs.
    template <class T>
    fork_child adopt(task<T>& child) noexcept {
        const auto frame = task_access::release(child);
        promise_base& p = frame.promise();
        p.continuation = frame;  // until it begins: itself
        p.env = this;
        p.forked = true;
        return {&p, frame};
    }
    template <class T>
    static auto& promise_of(const fork_child& child) noexcept {
        return static_cast<typename task<T>::promise_type&>(*child.promise);
    }

    /// Throws: the first failure; `cancelled` when children were cut off without one.
    void check() const {
        this_driver.env = parent;
        if (cut_off_ || first_error_) [[unlikely]]
            rethrow();
    }

    virtual std::exception_ptr error_of_child(promise_base& child) const noexcept = 0;

private:
    friend class away_child;

    /// Where the waiting coroutine is registered, once it really waits.
    class wait : public operation {
    public:
        explicit wait(fork_base& fork) noexcept;
        [[nodiscard]] std::string describe() const override { return "forked children"; }

    private:
        void on_cancel() noexcept override;
        fork_base& fork_;
    };

    // Those that wait for nobody yet: more than there can be children.
    static constexpr int not_counted = 1 << 30;

    bool fork() noexcept {
        this_driver.env = this;
        forked_ = true;
        for (unsigned i = 0; i + 1 < count_; ++i) worker_->forks.push(children_[i].promise);
        worker_->exchange.offer();
        if (count_ == 0) [[unlikely]]
            return false;
        --left_;
        if (!run_here(*children_[left_].promise)) return suspend();
        return go_on();
    }

    /// Takes the children back that nobody has stolen. True when there is something to wait for.
    bool go_on() noexcept {
        while (left_ != 0) {
            promise_base* child = worker_->forks.pop();
            if (child != children_[left_ - 1].promise) [[unlikely]] {
                if (child) worker_->forks.push(child);  // of somebody who has suspended
                return wait_for_stolen();
            }
            --left_;
            if (scope_.cancelled()) [[unlikely]] {
                cut_off_ = true;
                continue;
            }
            if (!run_here(*child)) return suspend();
        }
        return wait_for_adopted();
    }

    /// False when it has not ended yet.
    bool run_here(promise_base& child) noexcept {
        const std::coroutine_handle<> body = std::exchange(child.continuation, waiter_);
        child.depth = depth_;
        if (depth_ % forks_on_the_stack == 0) {
            this_driver.next = body;
            return false;
        }
        child.started_inline = true;
        body.resume();
        if (!child.done_inline) {
            child.started_inline = false;
            return false;
        }
        if (child.failed) [[unlikely]]
            fail(child);
        return true;
    }

    bool wait_for_adopted() noexcept {
        if (adopted.count == 0) [[likely]]
            return false;
        suspend();
        adopted.waiter = &wait_;
        return true;
    }

    static void local_child_ended(fork_environment& self, promise_base& child) noexcept;
    bool go_on_outside() noexcept;
    bool give_way() noexcept;
    void ready() noexcept;
    bool suspend() noexcept;
    bool wait_for_stolen() noexcept;
    void stop_waiting() noexcept;
    void fail(promise_base& child) noexcept;
    void stolen_ended() noexcept;
    void cancel_stolen(cancel_reason why) noexcept;
    [[noreturn]] void rethrow() const;

    std::coroutine_handle<> waiter_;
    worker* worker_;              // null outside of a pool
    const fork_child* children_;  // the deque gives them back from last to first
    unsigned depth_;
    unsigned count_;
    unsigned left_;           // not begun by us
    unsigned open_ = 0;       // outside of a pool: begun and suspended
    bool forked_ = false;     // what is ready next is not the beginning
    bool suspended_ = false;  // wait_ is there, and scope_ below that of the parent
    bool posted_ = false;     // outside of a pool: the next child is to begin
    bool cut_off_ = false;    // a child was not begun, or ended by cancellation
    std::exception_ptr first_error_;
    std::atomic<int> stolen_left_ = not_counted;
    // Under the exchange's lock.
    away_child* stolen_ = nullptr;
    bool stop_stolen_ = false;

    union {
        cancel_scope scope_;  // needs no destructor before the coroutine has suspended: nothing is linked
    };
    union {
        wait wait_;
    };
};

}  // namespace braid::detail
