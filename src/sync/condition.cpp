#include <braid/sync/condition.hpp>

#include <braid/core/error.hpp>

namespace braid {

void condition::wait_blocking(mutex::lock_type& lock) {
    detail::wait_blocking(waiting{this, &mutex_of(lock)}, "condition::wait_blocking", "co_await wait(lock)");
}

std::size_t condition::notify(std::size_t many) noexcept {
    detail::list<sleeper> woken;
    std::size_t count = 0;
    {
        const detail::section inside = room_.enter();
        for (; count < many && !room_.queue.empty(); ++count) {
            sleeper& first = *room_.queue.pop();
            first.asleep = false;
            woken.push_back(first);
        }
    }
    while (sleeper* s = woken.pop_front()) s->stand_in_the_mutex_queue();
    return count;
}

mutex& condition::mutex_of(const mutex::lock_type& lock) {
    if (lock && lock.mutex()->is_locked()) return *lock.mutex();
    throw usage_error("a condition was waited for with a lock that holds no mutex: lock it first, and keep it");
}

void condition::fall_asleep(sleeper& s) noexcept {
    const detail::section inside = room_.enter();
    s.asleep = true;
    room_.queue.push(s);
}

bool condition::stay_awake(sleeper& s) noexcept {
    const detail::section inside = room_.enter();
    if (!s.asleep) return false;
    s.asleep = false;
    return room_.queue.remove(s);
}

}  // namespace braid
