#include <braid/thread/detail/fork.hpp>

namespace braid::detail {

// --- away_child

away_child::away_child(worker& thief, promise_base& child) noexcept
    : thief_(thief),
      child_(child),
      parent_(static_cast<fork_base&>(*child.env)),
      remote_(std::make_shared<remote_cancel>(thief.where)) {
    where = thief.where.get();
    scope = &scope_;
    child_ended = [](fork_environment& self, promise_base&) noexcept { static_cast<away_child&>(self).body_ended(); };
    remote_->attach(scope_);
}

void away_child::begin() noexcept {
    {
        const std::lock_guard lock(parent_.worker_->exchange.stolen);
        next_ = std::exchange(parent_.stolen_, this);
        refused_ = parent_.stop_stolen_;
    }
    thief_.inhabited = true;
    if (refused_) return leave();
    const std::coroutine_handle<> body = std::exchange(child_.continuation, parent_.waiter_);
    child_.env = this;
    child_.depth = 1;
    this_driver.env = this;
    bool ended = false;
    ended_ = &ended;
    resume(body);
    if (ended) return;
    ended_ = nullptr;
    entry_.inside = this;
    thief_.where->root_joins(entry_);
}

void away_child::body_ended() noexcept {
    if (adopted.count == 0) return leave();
    run = [](work* w) noexcept { static_cast<away_child*>(w)->leave(); };
    adopted.waiter = this;
}

void away_child::leave() noexcept {
    remote_->detach();
    if (ended_) *ended_ = true;
    if (entry_.linked()) {
        entry_.unlink();
        thief_.where->root_leaves();
    }
    {
        const std::lock_guard lock(parent_.worker_->exchange.stolen);
        away_child** link = &parent_.stolen_;
        while (*link != this) link = &(*link)->next_;
        *link = next_;
    }
    if (refused_ || child_.failed) {  // the others have to be stopped, on their home
        if (child_.failed) way_.leave(parent_.error_of_child(child_));
        run = [](work* w) noexcept { static_cast<away_child*>(w)->report(); };
        parent_.where->post(this);
        return;
    }
    fork_base& fork = parent_;
    delete this;
    fork.stolen_ended();
}

void away_child::report() noexcept {
    fork_base& fork = parent_;
    if (refused_) {
        fork.cut_off_ = true;
    } else {
        way_.arrive(fork.error_of_child(child_));
        fork.fail(child_);
    }
    delete this;
    fork.stolen_ended();
}

// --- fork_base

fork_base::wait::wait(fork_base& fork) noexcept : fork_(fork) {
    enter_regardless(fork.waiter_, *fork.parent);
    run = [](work* w) noexcept { static_cast<wait*>(w)->fork_.ready(); };
    listen();
}

void fork_base::wait::on_cancel() noexcept { fork_.cancel_stolen(fork_.parent->scope->reason()); }

bool fork_base::suspend() noexcept {
    if (suspended_) return true;
    suspended_ = true;
    std::construct_at(&wait_, *this);
    scope_.link_below(*parent->scope);
    if (parent->scope->cancelled()) cancel_stolen(parent->scope->reason());
    return true;
}

void fork_base::stop_waiting() noexcept {
    std::destroy_at(&wait_);
    std::destroy_at(&scope_);
}

/// The queue of the home gets its turn before the children do.
bool fork_base::give_way() noexcept {
    suspend();
    where->post(&wait_);
    return true;
}

bool fork_base::wait_for_stolen() noexcept {
    suspend();
    const int waited_for = static_cast<int>(left_);
    const int ended_before = not_counted - stolen_left_.fetch_sub(not_counted - waited_for, std::memory_order_acq_rel);
    left_ = 0;
    return ended_before == waited_for ? wait_for_adopted() : true;
}

void fork_base::stolen_ended() noexcept {
    home* const here = where;
    if (stolen_left_.fetch_sub(1, std::memory_order_acq_rel) == 1) here->post(&wait_);
}

/// What was waited for has come: the turn of the queue, the end of the stolen children, of what was adopted.
void fork_base::ready() noexcept {
    this_driver.env = this;
    bool waiting;
    if (!worker_) {
        posted_ = false;
        waiting = go_on_outside();
    } else if (forked_) {
        waiting = wait_for_adopted();
    } else if (scope_.cancelled()) {
        cut_off_ = true;
        waiting = false;
    } else {
        waiting = fork();
    }
    if (!waiting) this_driver.next = waiter_;
    resume_next();
}

void fork_base::local_child_ended(fork_environment& self, promise_base& child) noexcept {
    auto& fork = static_cast<fork_base&>(self);
    this_driver.env = &fork;
    if (child.failed) fork.fail(child);
    bool waiting;
    if (fork.worker_) {
        waiting = fork.go_on();
    } else {
        --fork.open_;
        waiting = fork.posted_ || fork.go_on_outside();
    }
    if (!waiting) this_driver.next = fork.waiter_;
}

/// Without a deque: one after the other, and the next as soon as one has suspended.
bool fork_base::go_on_outside() noexcept {
    this_driver.env = this;
    while (left_ != 0) {
        promise_base& child = *children_[count_ - left_].promise;
        --left_;
        if (scope_.cancelled()) {
            cut_off_ = true;
            continue;
        }
        if (run_here(child)) continue;
        ++open_;
        suspend();
        if (left_ != 0) {
            posted_ = true;
            where->post(&wait_);
        }
        return true;
    }
    return open_ != 0 || wait_for_adopted();
}

void fork_base::fail(promise_base& child) noexcept {
    std::exception_ptr error = error_of_child(child);
    if (scope_.cancelled()) {
        try {
            std::rethrow_exception(error);
        } catch (const cancelled&) {
            cut_off_ = true;  // the echo of a cancellation, not a failure of its own
            return;
        } catch (...) {
        }
    }
    if (!first_error_) first_error_ = std::move(error);
    scope_.cancel(cancel_reason::sibling_failed);
    if (worker_) cancel_stolen(cancel_reason::sibling_failed);
}

void fork_base::cancel_stolen(cancel_reason why) noexcept {
    if (!worker_) return;
    const std::lock_guard lock(worker_->exchange.stolen);
    stop_stolen_ = true;
    for (away_child* child = stolen_; child; child = child->next_) child->request_cancel(why);
}

void fork_base::rethrow() const {
    if (first_error_) std::rethrow_exception(first_error_);
    throw cancelled(parent->scope->cancelled() ? parent->scope->reason() : scope_.reason());
}

}  // namespace braid::detail
