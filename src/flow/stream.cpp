#include <braid/flow/stream.hpp>

#include <braid/core/spawn.hpp>

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <utility>

namespace braid::detail {

void stream_destroyed_while_asked() noexcept {
    std::fputs("braid: a stream was destroyed while its next value was being awaited\n", stderr);
    std::terminate();
}

void require_some(const char* what, std::size_t count) {
    if (count == 0) throw usage_error(fmt::format("{} of 0 values was asked of a stream: it takes at least 1", what));
}

void rethrow_unless_cancelled(const std::exception_ptr& error) {
    if (!error) return;
    try {
        std::rethrow_exception(error);
    } catch (const cancelled&) {  // the echo of being stopped
    }
}

void block_until_stopped(task<> stopping) noexcept {
    try {
        run_blocking(std::move(stopping));
    } catch (...) {  // NOLINT(bugprone-empty-catch): a destructor has nobody to tell; `stop` tells
    }
}

void stream_clean_up::run(environment& enclosing) && noexcept {
    promise_type& p = coroutine_.promise();
    p.inside_.emplace(enclosing);
    p.env = &p.inside_->env;
    ++enclosing.adopted.count;
    // We are in the middle of a coroutine, which goes on after this as if it had destroyed something simple.
    driver& d = this_driver;
    const std::coroutine_handle<> next = std::exchange(d.next, nullptr);
    d.env = p.env;
    resume(coroutine_);
    d.next = next;
    d.env = &enclosing;
}

void stream_clean_up::promise_type::leave::await_suspend(std::coroutine_handle<promise_type> h) const noexcept {
    environment& enclosing = *h.promise().inside_->env.parent;
    h.destroy();
    adopted_ended(enclosing);
}

}  // namespace braid::detail
