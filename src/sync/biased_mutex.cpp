#include <braid/sync/detail/biased_mutex.hpp>

#include <exception>
#include <thread>

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace braid::detail {

namespace {

long membarrier(int command) noexcept { return ::syscall(SYS_membarrier, command, 0, 0); }

// Registered when the program starts, while it is cheap: with several threads the kernel waits for all of them.
// Where the system call is not to be had nobody is favoured.
const bool can_take_back = membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0;

}  // namespace

bool bias::favour(home* first) noexcept {
    home* none = nullptr;
    return favoured_.load(std::memory_order_relaxed) == nullptr && can_take_back &&
           favoured_.compare_exchange_strong(none, first, std::memory_order_acq_rel) && come_in(first);
}

// Either the favoured home sees, as it comes in, that the favour has gone, or we see that it is inside: after the
// barrier it has made its store visible, or will read ours.
void bias::take_back() noexcept {
    home* before = favoured_.load(std::memory_order_acquire);
    while (before != nobody()) {
        if (before == being_taken_back()) {  // with another lock than ours, by somebody who has it soon
            std::this_thread::yield();
            before = favoured_.load(std::memory_order_acquire);
        } else if (favoured_.compare_exchange_weak(before, being_taken_back(), std::memory_order_acq_rel)) {
            if (before) {
                if (membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0) std::terminate();  // it was registered
                while (inside_.load(std::memory_order_acquire)) std::this_thread::yield();
            }
            favoured_.store(nobody(), std::memory_order_release);
        }
    }
}

}  // namespace braid::detail
