#include <braid/core/detail/root.hpp>

#include <atomic>

namespace braid::detail {

namespace {

/// Says who starts a root, if that is a coroutine of its home.
void note_starter(root_entry& started, const home& where) noexcept {
    environment* const starter = this_driver.env;
    if (!where.is_current() || !starter) return;
    static std::atomic<std::uint32_t> serials = 0;
    if (starter->serial == 0) starter->serial = ++serials;
    started.starter = starter;
    started.starter_serial = starter->serial;
}

}  // namespace

void root::start(std::shared_ptr<home> where) && {
    promise_type& p = coroutine_.promise();
    p.keep_running_ = boost::asio::prefer(where->executor(), boost::asio::execution::outstanding_work.tracked);
    p.own_ = {.where = where.get(), .scope = &p.scope_};
    p.env = &p.own_;
    note_starter(p, *where);
    p.home_ = std::move(where);
    p.run = [](work* w) noexcept {
        auto& promise = *static_cast<promise_type*>(w);
        promise.inside = promise.env;
        promise.home_->root_joins(promise);
        this_driver.env = promise.env;
        resume(std::coroutine_handle<promise_type>::from_promise(promise));
    };
    p.home_->post(&p);
}

void root::promise_type::leave::await_suspend(std::coroutine_handle<promise_type> h) const noexcept {
    // The home and the executor's work outlive the frame, which may hold I/O objects.
    const auto where = std::move(h.promise().home_);
    const auto keep_running = std::move(h.promise().keep_running_);
    this_driver.env = nullptr;  // it lies in the frame
    h.destroy();
    where->root_leaves();
}

blocking_loop::blocking_loop() : context_(1), home_(std::make_shared<home>(context_.get_executor())) {}

void run_loop(blocking_loop& loop) { loop.context_.run(); }

}  // namespace braid::detail
