#include <braid/thread/detail/thread_call.hpp>

#include <braid/core/detail/remote_cancel.hpp>
#include <braid/core/error.hpp>

namespace braid::detail {

inner_task::inner_task(thread_call& call, job_state_base& work) : call_(call) {
    const std::lock_guard lock(call_.inner_mutex_);
    call_.inner_ = work.shared_from_this();
    if (call_.stopping()) work.request_cancel(call_.why_);
}

inner_task::~inner_task() {
    const std::lock_guard lock(call_.inner_mutex_);
    call_.inner_.reset();
}

void thread_call::pass_stop_to(const std::shared_ptr<remote_cancel>& coroutine) noexcept {
    const std::lock_guard lock(inner_mutex_);
    living_ = coroutine;
    if (stopping()) coroutine->request(why_);
}

// Under the pool's lock, so that the call, which leaves under it, is still there.
void thread_call::ask_to_stop(cancel_reason why) noexcept {
    const std::lock_guard lock(inner_mutex_);
    if (!stopping()) why_ = why;
    stopping_.store(true, std::memory_order_relaxed);
    if (inner_) inner_->request_cancel(why);
    if (living_) living_->request(why);
}

void thread_call::tell_end() noexcept {
    over_.store(true, std::memory_order_release);
    finished();
}

std::exception_ptr foreign_cancellation() noexcept {
    return std::make_exception_ptr(
        error("a call on a pool's thread threw cancelled though nobody had cancelled it: throw an error of its own"));
}

}  // namespace braid::detail
