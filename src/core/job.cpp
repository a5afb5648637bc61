#include <braid/core/job.hpp>

#include <fmt/format.h>

namespace braid::detail {

void require_plain_thread(const char* call, const char* instead) {
    if (!this_driver.current) return;
    throw usage_error(
        fmt::format("{} was called inside a coroutine, whose loop it would stop: {} instead", call, instead));
}

void require_job(const job_state_base* state) {
    if (!state) throw usage_error("an empty job was awaited: it was moved from, or never given any work");
}

std::shared_ptr<home> current_home_for_job() {
    if (home* here = this_driver.current) return here->shared_from_this();
    throw usage_error("a job was started outside of any coroutine without saying where: pass an executor");
}

bool runs_in_this_thread(const home& where) noexcept {
    if (where.is_current()) return true;
    const auto* native = where.executor().target<boost::asio::io_context::executor_type>();
    return native && native->running_in_this_thread();
}

job_state_base::job_state_base() noexcept {
    release_.state = this;
    release_.run = [](work* w) noexcept {
        job_state_base& self = *static_cast<release_work*>(w)->state;
        const auto alive = std::move(self.keep_);
        adopted_ended(*self.adopter_);
    };
}

bool job_state_base::ended() const noexcept {
    const std::lock_guard lock(mutex_);
    return ended_;
}

void job_state_base::request_cancel(cancel_reason why) noexcept {
    {
        const std::lock_guard lock(mutex_);
        if (ended_ || std::exchange(stop_requested_, true)) return;
    }
    stop(why);
}

bool job_state_base::listen(job_listener& listener) noexcept {
    const std::lock_guard lock(mutex_);
    if (ended_) return false;
    listener_ = &listener;
    return true;
}

void job_state_base::forget_listener() noexcept {
    const std::lock_guard lock(mutex_);
    listener_ = nullptr;
}

void job_state_base::wait_blocking() const {
    std::unique_lock lock(mutex_);
    over_.wait(lock, [this] { return ended_; });
}

void job_state_base::end() noexcept {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    if (job_listener* listener = std::exchange(listener_, nullptr)) listener->job_ended();
    if (adopter_) {
        keep_ = shared_from_this();
        adopter_->where->post(&release_);
    }
    over_.notify_all();
}

bool job_state_base::adopt_by(environment& env) noexcept {
    const std::lock_guard lock(mutex_);
    if (ended_) return false;
    ++env.adopted.count;
    adopter_ = &env;
    return true;
}

void job_state_base::drop() noexcept {
    if (ended()) return;
    if (this_driver.current && this_driver.env) {
        environment& here = *this_driver.env;
        request_cancel(here.scope->cancelled() ? here.scope->reason() : cancel_reason::user);
        adopt_by(here);
        return;
    }
    request_cancel(cancel_reason::user);
    std::unique_lock lock(mutex_);
    if (ended_ || needs_this_thread()) return;
    over_.wait(lock, [this] { return ended_; });
}

}  // namespace braid::detail
