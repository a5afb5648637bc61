#pragma once
// The system call that threads sleep by. std::atomic::wait has no time limit, spins by itself and keeps a table that
// all waiters share.

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>

namespace braid::detail {

inline constexpr auto without_limit = std::chrono::nanoseconds::max();

/// Sleeps while `word` is `expected`. May return for other reasons too: the caller looks again.
template <class T>
void futex_wait(std::atomic<T>& word, T expected, std::chrono::nanoseconds limit = without_limit) noexcept {
    static_assert(sizeof(std::atomic<T>) == sizeof(int));
    constexpr std::int64_t second = 1'000'000'000;
    const timespec timeout{.tv_sec = limit.count() / second, .tv_nsec = limit.count() % second};
    ::syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, static_cast<int>(expected),
              limit == without_limit ? nullptr : &timeout, nullptr, 0);
}

/// Wakes one. The word may be gone already: then nobody sleeps there, or somebody else, who looks again.
template <class T>
void futex_wake(std::atomic<T>& word) noexcept {
    ::syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

}  // namespace braid::detail
