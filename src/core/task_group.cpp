#include <braid/core/task_group.hpp>

namespace braid {

namespace detail {

void group_child::begin(work* w) noexcept {
    auto& self = *static_cast<group_child*>(w);
    this_driver.env = &self;
    resume(self.coroutine_);
}

inline void group_child::end() noexcept {
    task_group& group = group_;
    const cancel_scope& of_child = *scope;
    child_watch* const watch = watch_;
    std::exception_ptr error = take_(coroutine_, watch);
    this_driver.env = &group.inside_.env;  // takes over the jobs among the arguments; ours goes
    coroutine_.destroy();
    delete this;
    std::shared_ptr<child_watch> keep;
    if (watch) [[unlikely]] {
        keep = std::move(watch->keep);
        watch->scope.unlink();
        watch->ended(error);
    }
    if (error) [[unlikely]]
        group.fail(std::move(error), of_child);
    group.child_ended(of_child);
}

// The task has ended. What it adopted may not have: then the child ends when that does.
void group_child::settle(environment& own) noexcept {
    auto& self = static_cast<group_child&>(own);
    if (self.adopted.count == 0) [[likely]]
        return self.end();
    self.run = [](work* w) noexcept { static_cast<group_child*>(w)->end(); };
    self.adopted.waiter = &self;
}

}  // namespace detail

void task_group::fail(std::exception_ptr error, const detail::cancel_scope& scope) noexcept {
    if (scope.cancelled() && why_cancelled(error)) {
        // The echo of a cancellation, not a failure of its own. Nobody misses a daemon, or a child cancelled alone.
        if (&scope != &daemon_scope_ && inside_.scope.cancelled()) cut_off_ = true;
        return;
    }
    if (first_error_) {
        further_errors_.push_back(std::move(error));
    } else {
        first_error_ = std::move(error);
        inside_.scope.cancel(cancel_reason::sibling_failed);
    }
}

void task_group::wake(crowd& empty) noexcept {
    for (joined* waiting = std::exchange(empty.joiners, nullptr); waiting;) {
        joined& one = *std::exchange(waiting, waiting->next_);
        one.waiting_ = false;
        one.complete();
    }
}

void task_group::joined::on_cancel() noexcept {
    if (mode_ == mode::regardless || !std::exchange(waiting_, false)) return;
    joined** place = &awaited_.joiners;
    while (*place != this) place = &(*place)->next_;
    *place = next_;
    stopped_ = true;
    complete();
}

task<> task_group::ended() {
    // Whoever else knows the group, a daemon that unwinds for instance, may start a child after the last one ended.
    while (size() != 0 || inside_.env.adopted.count != 0) {
        co_await joined(children_, joined::mode::regardless);
        co_await detail::adopted_done(inside_.env);
        if (children_.alive != 0) continue;
        daemon_scope_.cancel(cancel_reason::shutdown);
        co_await joined(daemons_, joined::mode::regardless);
    }
}

void task_group::rethrow(bool has_result) const {
    if (first_error_) std::rethrow_exception(first_error_);
    if (!cut_off_) return;
    const detail::cancel_scope& outside = *inside_.env.parent->scope;
    if (outside.cancelled()) throw braid::cancelled(outside.reason());
    if (!has_result) throw braid::cancelled(inside_.scope.reason());
}

}  // namespace braid
