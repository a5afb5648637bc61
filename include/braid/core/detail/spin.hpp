#pragma once
// Looking out for a moment before going to sleep: what another thread is about to deliver then comes some microseconds
// earlier, and in larger lots. On a second core that thread is watched; on the only one it is given way to. Worth it
// only if the core is free for that, which is learned from what came of it.

#include <chrono>

namespace braid::detail {

/// There is more than one CPU to run on. Found out once, which takes half a millisecond: files are read for it.
[[nodiscard]] bool may_spin() noexcept;
/// The same, by what another process of this program has found out and the CPUs that this one is bound to.
void know_from_parent(bool may_spin) noexcept;

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
        bool came = false;
        if (may_spin()) {
            for (unsigned looks = 1; !(came = there()) && !is_enough(looks); ++looks) pause_for_a_moment();
        } else {
            if (!give_way()) return false;
            came = there();
        }
        penalty_ = came ? 0 : penalty_ < most_left_out ? 2 * penalty_ + 1 : most_left_out;
        left_out_ = penalty_;
        return came;
    }

    using clock = std::chrono::steady_clock;

    /// Lets the other threads of this CPU run. Those of other programs take milliseconds, where whoever sleeps is woken
    /// in between: so what that has cost is waited for many times over before it is risked again. False: not yet.
    bool give_way() noexcept;

    static constexpr unsigned most_looks = 500;
    static constexpr unsigned looks_a_time = 64;
    static constexpr unsigned most_left_out = 1023;
    unsigned penalty_ = 0;
    unsigned left_out_ = 0;
    clock::time_point not_before_ = clock::time_point::min();
};

}  // namespace braid::detail
