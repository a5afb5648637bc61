#include <braid/sync/mutex.hpp>

#include <braid/core/error.hpp>

namespace braid {

mutex::lock_type mutex::lock_blocking() {
    return detail::wait_blocking(locking{this}, "mutex::lock_blocking", "co_await lock()");
}

void mutex::unlock() {
    detail::waiter* next = nullptr;
    {
        const detail::section inside = room_.enter();
        if (!locked_) throw usage_error("a mutex was unlocked that nobody had locked");
        next = room_.queue.pop();  // has it from now on, so that nobody can come in between
        if (!next) locked_ = false;
    }
    if (next) next->wake();
}

bool mutex::is_locked() const noexcept {
    const detail::section inside = room_.enter();
    return locked_;
}

}  // namespace braid
