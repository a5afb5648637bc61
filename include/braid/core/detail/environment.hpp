#pragma once
// What a coroutine inherits from the one that awaits it: its home, the scope that can cancel it, and where it
// belongs. Passed down by the library; nobody hands a token on by hand.

#include <braid/core/detail/home.hpp>
#include <braid/core/detail/list.hpp>
#include <braid/core/error.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <source_location>
#include <string>

namespace braid::detail {

class operation;
struct environment;

/// A part of the work that is cancelled as one. Scopes form a tree; cancelling one cancels those below it.
/// Cancellation is a state, not an event: what is awaited later in a cancelled scope is refused.
/// Threads: its home only.
class cancel_scope : public list_node {
public:
    cancel_scope() = default;
    explicit cancel_scope(cancel_scope& parent) noexcept : reason_(parent.reason_), expiry_(parent.expiry_) {
        parent.children_.push_back(*this);
    }
    /// Below its parent, but out of reach of what cancels that.
    struct shielded {};
    cancel_scope(cancel_scope& parent, shielded) noexcept : shielded_(true) { parent.children_.push_back(*this); }

    /// Puts a scope that was made without a parent below one: from now on, and from what happened before, they are
    /// cancelled together.
    void link_below(cancel_scope& parent) noexcept {
        parent.children_.push_back(*this);
        if (parent.reason_) cancel(*parent.reason_);
    }

    [[nodiscard]] bool cancelled() const noexcept { return reason_.has_value(); }
    [[nodiscard]] cancel_reason reason() const noexcept { return reason_.value_or(cancel_reason::user); }

    /// Cancels everything inside. The first reason stays.
    void cancel(cancel_reason why) noexcept;

    /// Before anything is inside. Whoever says so cancels the scope when the time has come.
    void expires_at(clock::time_point then) noexcept {
        own_expiry_ = then;
        if (then < expiry_) expiry_ = then;
    }
    /// The time has come for this scope, or one around it, though the loop may not have got to its timers.
    [[nodiscard]] bool expired() const noexcept { return expiry_ != never && now() >= expiry_; }

    void add(operation& op) noexcept;

    /// Everything that is suspended in here, and below.
    template <class Visit>
    void for_each_operation(Visit visit) noexcept {
        operations_.for_each(visit);
        children_.for_each([visit](cancel_scope& child) { child.for_each_operation(visit); });
    }

private:
    friend void cancel_expired(const environment& here) noexcept;
    void mark(cancel_reason why) noexcept;
    void stop_operations() noexcept;

    static constexpr clock::time_point never = clock::time_point::max();
    std::optional<cancel_reason> reason_;
    clock::time_point expiry_ = never;  // the earliest of this scope and of those around it
    clock::time_point own_expiry_ = never;
    bool shielded_ = false;
    list<cancel_scope> children_;
    list<operation> operations_;  // suspended in this scope
};

/// Work that began in a scope and may not outlive it, though nobody awaits it any more (a job whose handle was
/// dropped). It has been cancelled; the scope ends when it has.
struct adopted_work {
    std::size_t count = 0;
    work* waiter = nullptr;  // made ready when the count is zero again
};

/// The environment of a coroutine and of those it awaits. It lies in the frame of whatever made it: a root, a
/// child of a group, a deadline.
struct environment {
    home* where;
    cancel_scope* scope;
    environment* parent = nullptr;
    adopted_work adopted{};
    bool same_task = false;    // as the parent's: a part of what it does, not something beside it
    std::uint32_t serial = 0;  // once roots have been started in it: its address may be that of another one later
    /// Where no coroutine awaits the first one in here: is told that it has ended, and may destroy it.
    void (*first_ended)(environment& here) noexcept = nullptr;
    const std::string* name = nullptr;  // of the task, from here on
};

/// Cancels the outermost of the scopes around `here` that have expired.
void cancel_expired(const environment& here) noexcept;

/// A coroutine that suspends tells the operation it waits for where it belongs, through its promise.
struct promise_base {
    std::coroutine_handle<> continuation;
    environment* env = nullptr;
    std::source_location where;   // the await it is in, or was in last; before the first, the coroutine itself
    unsigned depth = 0;           // of awaits since the root, to bound the stack
    bool started_inline = false;  // the awaiting coroutine's await_suspend is still on the stack
    bool done_inline = false;
    bool forked = false;  // its environment is a fork_environment, to be told of its end
    bool failed = false;
};

/// The environment of coroutines whose end is told to somebody who waits for several of them, instead of resuming a
/// continuation.
struct fork_environment : environment {
    /// On the home, in the final suspension of the child.
    void (*child_ended)(fork_environment& self, promise_base& child) noexcept;
};

/// The promise of any coroutine of braid: it derives from promise_base first and is aligned like everything, so that it
/// lies where a bare promise_base would.
inline promise_base& promise_of(std::coroutine_handle<> coroutine) noexcept {
    return std::coroutine_handle<promise_base>::from_address(coroutine.address()).promise();
}

/// One suspension at a leaf of the await tree. It lives in the awaiting frame, can be made ready once from any
/// thread, and is told, on its home, when its scope is cancelled.
class operation : public work, public list_node {
public:
    operation(const operation&) = delete;
    operation& operator=(const operation&) = delete;

    /// Makes the waiting coroutine ready. Threads: any; once.
    void complete() noexcept { env_->where->post(this); }

    /// The same on the home, for many operations in a row: what they will touch when they are resumed may be
    /// anywhere in the memory, and comes from there meanwhile.
    void complete_here() noexcept {
        __builtin_prefetch(waiter_.address());
        __builtin_prefetch(env_);
        prefetch_neighbours();
        this_driver.current->post(this);
    }

    [[nodiscard]] environment& env() const noexcept { return *env_; }

    /// What is waited for, in words, for those who look at a program that hangs. On the home.
    [[nodiscard]] virtual std::string describe() const;
    [[nodiscard]] promise_base& waiter() const noexcept { return promise_of(waiter_); }
    [[nodiscard]] clock::time_point since() const noexcept { return since_; }

    /// The operation that `w` is, if it is one.
    [[nodiscard]] static operation* of(work& w) noexcept {
        return w.run == &operation::resume_waiter ? static_cast<operation*>(&w) : nullptr;
    }

protected:
    operation() noexcept { run = &operation::resume_waiter; }
    virtual ~operation() = default;

    /// Takes note of who waits. False when the scope is already cancelled: the operation must not start.
    template <class Promise>
    [[nodiscard]] bool enter(std::coroutine_handle<Promise> waiter) noexcept {
        static_assert(alignof(Promise) <= alignof(std::max_align_t), "braid: no result may be aligned like this");
        waiter_ = waiter;
        env_ = waiter.promise().env;
        if (!env_->scope->cancelled()) [[likely]]
            return true;
        refused_ = true;
        return false;
    }

    /// The same for waits that have to be seen through, such as that for children which are being cancelled.
    template <class Promise>
    void enter_regardless(std::coroutine_handle<Promise> waiter) noexcept {
        waiter_ = waiter;
        env_ = waiter.promise().env;
    }

    void enter_regardless(std::coroutine_handle<> waiter, environment& env) noexcept {
        waiter_ = waiter;
        env_ = &env;
    }

    /// From now on `on_cancel` may be called, until the coroutine is resumed.
    void listen() noexcept {
        since_ = env_->where->turn_time();
        env_->scope->add(*this);
    }

    /// A wait that is over before it began still gives way now and then, so that a loop of them starves nobody.
    /// To be returned from await_suspend: true suspends.
    [[nodiscard]] bool give_way_if_due() noexcept {
        if (this_driver.budget != 0) [[likely]] {
            --this_driver.budget;
            return false;
        }
        env_->where->post(this);
        return true;
    }

    void throw_if_refused() const {
        if (refused_) throw_cancelled();
    }
    [[noreturn]] void throw_cancelled() const { throw cancelled(env_->scope->reason()); }

private:
    friend class cancel_scope;

    /// The scope was cancelled while the coroutine waits. End the wait soon, by `complete()`, unless it has just
    /// ended by itself. Never resumes anything itself. On the home.
    virtual void on_cancel() noexcept {}

    static void resume_waiter(work* w) noexcept {
        auto* self = static_cast<operation*>(w);
        self->unlink();
        this_driver.env = self->env_;
        resume(self->waiter_);
    }

    std::coroutine_handle<> waiter_;
    environment* env_ = nullptr;
    clock::time_point since_;
    bool refused_ = false;
    bool told_ = false;  // to stop: once, however many of the scopes around it are cancelled
};

inline void cancel_scope::add(operation& op) noexcept { operations_.push_back(op); }

}  // namespace braid::detail
