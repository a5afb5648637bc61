// The way to a pool's home, for those who are elsewhere, and the pool's way out of it.

#include "process/pool_engine.hpp"

#include <atomic>
#include <tuple>
#include <utility>

namespace braid::detail {

void pool_engine::post_into(inbox& box, const std::function<void()>& post) {
    {
        const std::lock_guard lock(box.mutex);
        post();
        ++box.posts;
    }
    box.posted.notify_all();
}

void pool_engine::post(std::function<void()> then) { std::ignore = post_unless_gone(std::move(then)); }

bool pool_engine::post_unless_gone(std::function<void()> then) {
    return post_counted([&](home& where) {
        where.post_function([self = shared_from_this(), then = std::move(then)] {
            self->arrived();
            then();
        });
    });
}

bool pool_engine::post_unless_gone(work& w) {
    return post_counted([&w](home& where) { where.post(&w); });
}

bool pool_engine::post_from_handler(work& w, home& where) {
    const auto box = inbox_;
    if (!post_counted([](home&) {})) return false;
    where.post_from_handler(&w);  // not under the lock: it may run now, and much else with it
    post_into(*box, [] {});
    return true;
}

bool pool_engine::post_counted(const std::function<void(home&)>& post) {
    const auto box = inbox_;
    bool posted = false;
    post_into(*box, [&] {
        if (!home_) return;
        posted = true;
        ++on_their_way_;
        post(*home_);
    });
    return posted;
}

void pool_engine::arrived() noexcept {
    if (--on_their_way_ == 0 && leaves_) plan();
}

void pool_engine::post_for_call(work& w) {
    const auto box = inbox_;
    post_into(*box, [&] { home_->post(&w); });
}

void pool_engine::post_for(std::shared_ptr<worker_link> link, link_action then) {
    pool_engine& pool = *link->pool_;
    pool.post([link = std::move(link), then = std::move(then)] { then(*link->pool_, link); });
}

// --- the end

void pool_engine::begin_close() noexcept {
    if (state_ == state::open) state_ = state::closing;
    plan();
}

void pool_engine::terminate() noexcept {
    if (state_ == state::terminated) return;
    state_ = state::terminated;
    home_->disarm(retry_timer_);
    home_->disarm(heartbeat_timer_);
    home_->disarm(look_timer_);  // nothing comes back into the queue from now on
    fail_queued(std::make_exception_ptr(cancelled(cancel_reason::shutdown)));
    for (const auto& link : workers_) link->dismiss();
    plan();
}

void pool_engine::when_gone(std::function<void()> then) {
    gone_.push_back(std::move(then));
    plan();
}

void pool_engine::leave_when_gone(std::function<void()> then) {
    leaves_ = true;
    when_gone(std::move(then));
}

// False: something comes that was posted before, a call perhaps, which somebody waits for.
bool pool_engine::leave_home() noexcept {
    std::shared_ptr<home> left;  // it may end with us, and not under the lock
    const std::lock_guard lock(inbox_->mutex);
    if (on_their_way_ != 0) return false;
    left.swap(home_);
    return true;
}

// Nothing is to be left, so the last one waits for its end. What the callback holds goes to the home with it.
bool pool_engine::has_left_zygote() {
    if (!zygote_) return true;
    if (std::exchange(leaving_zygote_, true)) return false;
    zygote_->leave([self = shared_from_this()]() mutable {
        pool_engine& pool = *self;
        pool.post([self = std::move(self)] {
            self->zygote_ = nullptr;
            self->plan();
        });
    });
    return false;
}

void pool_engine::settle_if_gone() {
    if (state_ == state::open || !workers_.empty() || !queue_.empty() || cancellations_expected_ != 0) return;
    if (!has_left_zygote()) return;
    home_->disarm(look_timer_);
    home_->disarm(heartbeat_timer_);
    home_->disarm(retry_timer_);
    if (alarm_) alarm_->close();
    if (leaves_ && !leave_home()) return;
    for (auto& then : std::exchange(gone_, {})) then();
}

void pool_engine::terminate_blocking() {
    const auto keep = shared_from_this();
    const auto where = home_;
    std::atomic<bool> gone = false;  // set by whoever runs the home, which need not be us
    where->run_here([&] {
        terminate();
        leave_when_gone([&] { gone = true; });
    });
    std::unique_lock lock(inbox_->mutex);
    for (std::uint64_t seen = 0; !gone;) {
        inbox_->posted.wait(lock, [&] { return inbox_->posts != seen || gone; });
        seen = inbox_->posts;
        lock.unlock();
        where->run_here([] {});
        lock.lock();  // at last also waits for a thread that is still posting into the context
    }
}

}  // namespace braid::detail
