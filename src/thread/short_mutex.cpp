#include <braid/thread/detail/short_mutex.hpp>

#include "thread/futex.hpp"

namespace braid::detail {

// Whoever comes this way may have others behind it, and says so for as long as it has the lock.
void short_mutex::wait_and_lock() noexcept {
    while (state_.exchange(waited_for, std::memory_order_acquire) != free) futex_wait(state_, waited_for);
}

void short_mutex::wake_one() noexcept { futex_wake(state_); }

}  // namespace braid::detail
