#include <braid/core/detail/short_mutex.hpp>

#include "core/futex.hpp"

namespace braid::detail {

// Whoever comes this way may have others behind it, and says so for as long as it has the lock. To look out for a
// moment first does not pay: it takes the line in the cache away from who has the lock.
void short_mutex::wait_and_lock() noexcept {
    while (state_.exchange(waited_for, std::memory_order_acquire) != free) futex_wait(state_, waited_for);
}

void short_mutex::wake_one() noexcept { futex_wake(state_); }

}  // namespace braid::detail
