#include <braid/core/task_group.hpp>

namespace braid {

namespace detail {

// The body has ended. What it adopted may not have: then the child ends when that does.
void group_child::promise_type::settle() noexcept {
    run = [](work* w) noexcept { static_cast<promise_type*>(w)->end(); };
    if (own_.adopted.count == 0) {
        end();
    } else {
        own_.adopted.waiter = this;
    }
}

void group_child::promise_type::end() noexcept {
    task_group& group = *group_;
    std::exception_ptr error = std::move(error_);
    this_driver.env = &group.inside_.env;  // takes over the jobs among the arguments; ours goes with the frame
    std::coroutine_handle<promise_type>::from_promise(*this).destroy();
    group.child_ended(std::move(error));
}

}  // namespace detail

void task_group::begin(detail::group_child child) noexcept {
    auto& promise = child.coroutine.promise();
    promise.group_ = this;
    promise.own_ = {.where = inside_.env.where, .scope = &inside_.scope, .parent = &inside_.env};
    promise.env = &promise.own_;
    promise.run = [](detail::work* w) noexcept {
        auto& p = *static_cast<detail::group_child::promise_type*>(w);
        detail::this_driver.env = p.env;
        detail::resume(std::coroutine_handle<detail::group_child::promise_type>::from_promise(p));
    };
    ++alive_;
    inside_.env.where->post(&promise);
}

void task_group::fail(std::exception_ptr error) noexcept {
    if (inside_.scope.cancelled()) {
        try {
            std::rethrow_exception(error);
        } catch (const braid::cancelled&) {
            cut_off_ = true;  // the echo of a cancellation, not a failure of its own
            return;
        } catch (...) {
        }
    }
    if (first_error_) {
        further_errors_.push_back(std::move(error));
    } else {
        first_error_ = std::move(error);
        inside_.scope.cancel(cancel_reason::sibling_failed);
    }
}

void task_group::child_ended(std::exception_ptr error) noexcept {
    if (error) fail(std::move(error));
    if (--alive_ == 0 && joiner_) std::exchange(joiner_, nullptr)->complete();
}

void task_group::rethrow(bool has_result) const {
    if (first_error_) std::rethrow_exception(first_error_);
    if (!cut_off_) return;
    const detail::cancel_scope& outside = *inside_.env.parent->scope;
    if (outside.cancelled()) throw braid::cancelled(outside.reason());
    if (!has_result) throw braid::cancelled(inside_.scope.reason());
}

}  // namespace braid
