#pragma once
// Looking out for a moment before going to sleep: what another core is about to deliver then comes twenty microseconds
// earlier. Worth it only if there is another core that is free to deliver, which is learned from what came of it.

#include <chrono>

namespace braid::detail {

/// There is more than one CPU to run on. Found out once.
[[nodiscard]] bool may_spin() noexcept;

inline void pause_for_a_moment() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

/// Threads: one.
class spinner {
public:
    /// True as soon as `there()` is; false when it was not within some microseconds, or when looking has not paid of
    /// late: each time in vain doubles the number of times that it is left out.
    template <class Predicate>
    bool wait(Predicate there) noexcept {
        return wait(there, [](unsigned looks) { return looks == most_looks; });
    }
    /// The same with a limit of somebody's own.
    template <class Predicate>
    bool wait_for(std::chrono::nanoseconds limit, Predicate there) noexcept {
        if (limit <= std::chrono::nanoseconds::zero()) return false;
        std::chrono::steady_clock::time_point end{};  // asked for only when the first looks were in vain
        return wait(there, [&](unsigned looks) {
            if (looks % looks_a_time != 0) return false;
            const auto now = std::chrono::steady_clock::now();
            if (looks == looks_a_time) end = now + limit;
            return now >= end;
        });
    }

private:
    template <class Predicate, class Limit>
    bool wait(Predicate there, Limit is_enough) noexcept {
        if (left_out_ != 0) {
            --left_out_;
            return false;
        }
        if (!may_spin()) return false;
        for (unsigned looks = 1;; ++looks) {
            if (there()) {
                penalty_ = 0;
                return true;
            }
            if (is_enough(looks)) break;
            pause_for_a_moment();
        }
        penalty_ = penalty_ < most_left_out ? 2 * penalty_ + 1 : most_left_out;
        left_out_ = penalty_;
        return false;
    }

    static constexpr unsigned most_looks = 500;
    static constexpr unsigned looks_a_time = 64;
    static constexpr unsigned most_left_out = 1023;
    unsigned penalty_ = 0;
    unsigned left_out_ = 0;
};

}  // namespace braid::detail
