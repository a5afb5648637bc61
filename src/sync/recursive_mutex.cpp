#include <braid/sync/recursive_mutex.hpp>

#include <braid/core/error.hpp>

namespace braid {

const void* detail::current_owner() noexcept {
    static thread_local const char this_thread = 0;
    if (!this_driver.current || !this_driver.env) return &this_thread;
    const environment* env = this_driver.env;
    while (env->same_task) env = env->parent;
    return env;
}

recursive_mutex::lock_type recursive_mutex::try_lock() noexcept {
    return take(detail::current_owner(), nullptr) ? lock_type(*this) : lock_type();
}

recursive_mutex::lock_type recursive_mutex::lock_blocking() {
    return detail::wait_blocking(locking{this}, "recursive_mutex::lock_blocking", "co_await lock()");
}

void recursive_mutex::unlock() {
    contender* next = nullptr;
    {
        const detail::section inside = room_.enter();
        if (times_ == 0) throw usage_error("a recursive_mutex was unlocked that nobody had locked");
        if (owner_ != detail::current_owner()) {
            throw usage_error("a recursive_mutex was unlocked by another task or thread than the one that locked it");
        }
        if (--times_ != 0) return;
        next = room_.queue.pop();  // has it from now on, so that nobody can come in between
        owner_ = next ? next->who : nullptr;
        times_ = next ? 1 : 0;
    }
    if (next) next->wake();
}

bool recursive_mutex::take(const void* who, contender* to_queue) noexcept {
    const detail::section inside = room_.enter();
    if (times_ == 0 || owner_ == who) {
        owner_ = who;
        ++times_;
        return true;
    }
    if (to_queue) {
        to_queue->who = who;
        room_.queue.push(*to_queue);
    }
    return false;
}

bool recursive_mutex::leave(contender& w) noexcept { return room_.leave(w); }

}  // namespace braid
