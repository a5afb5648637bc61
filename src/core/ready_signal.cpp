#include <braid/core/ready_signal.hpp>

namespace braid::detail {

void ready_state_base::require_first_time() {
    if (std::exchange(said_, true)) throw usage_error("a child of a group said twice that it is ready: once is enough");
}

void ready_state_base::say() noexcept {
    // One that was cancelled meanwhile, or is called ready after its end, has not been started.
    if (!starter_ || scope.cancelled()) return;
    ready_ = true;
    std::exchange(starter_, nullptr)->complete();
}

void ready_state_base::ended(std::exception_ptr& error) noexcept {
    if (!starter_) return;
    error_ = std::exchange(error, nullptr);
    std::exchange(starter_, nullptr)->complete();
}

void ready_state_base::settled::await_resume() const {
    if (state_.ready_) return;
    if (state_.error_) std::rethrow_exception(std::exchange(state_.error_, nullptr));
    if (state_.scope.cancelled()) throw cancelled(state_.scope.reason());
    throw usage_error(
        "a child that was started with start_ready ended without having said that it is ready: call its "
        "ready_signal, or use start");
}

}  // namespace braid::detail
