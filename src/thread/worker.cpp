#include <braid/thread/detail/worker.hpp>

#include <boost/asio/post.hpp>

#include <thread>

#include "core/futex.hpp"

namespace braid::detail {

void worker_home::wake() noexcept {
    switch (state_.exchange(state::notified, std::memory_order_acq_rel)) {
        case state::on_futex: return futex_wake(state_);
        case state::in_loop: return boost::asio::post(context, [] {});
        case state::awake:
        case state::notified: return;
    }
}

void worker_home::sleep(bool with_events, std::chrono::nanoseconds nap) noexcept {
    state expected = state::awake;
    const state asleep = with_events ? state::in_loop : state::on_futex;
    if (state_.compare_exchange_strong(expected, asleep, std::memory_order_acq_rel) && rest()) {
        if (!with_events) {
            futex_wait(state_, asleep, nap);  // for whatever reason it returns: the caller looks again
        } else if (nap == without_limit) {
            context.run_one();
        } else {
            context.run_one_for(nap);
        }
        stop_resting();
    }
    // What was told before this is looked at by the caller after it.
    state_.exchange(state::awake, std::memory_order_acq_rel);
}

void worker_home::await_posters() const noexcept {
    while (posting()) std::this_thread::yield();  // for the end of a system call
}

}  // namespace braid::detail
