#pragma once
// The problems with timers, and what their contenders share. Unit of all: nanoseconds of CPU time for each timer.
//   timer_due         waits, one after the other, for points of time that have passed
//   timer_cancelled   sets a timer an hour ahead and cancels it, again and again
//   timers_fired      100,000 at all times, each set anew when it fires; they fire in the order in which they were set,
//   as
//                     do timeouts of equal length
//   timers_scattered  the same, but in no order

#include "support/contender.hpp"

#include <chrono>
#include <cstdint>

namespace bench {

using clock = std::chrono::steady_clock;

inline constexpr std::uint64_t timers_at_a_time = 100'000;

/// One of the timers that are there all the time. Told that it fired, it says when it is to fire next: once in
/// every period, all of them crowded into one millisecond.
class repeated_timer {
public:
    class schedule {
    public:
        static bool is_asked_for(const request& asked) {
            return asked.problem == "timers_fired" || asked.problem == "timers_scattered";
        }
        explicit schedule(const request& asked)
            : periods_(asked.operations / timers_at_a_time < 2 ? 2 : asked.operations / timers_at_a_time),
              scattered_(asked.problem == "timers_scattered") {}

        /// After all have fired as often as there are periods.
        void report() const {
            const double cpu = cpu_seconds() - cpu_before_;
            bench::report(cpu * 1e9 / static_cast<double>(periods_ * timers_at_a_time), cpu);
        }

    private:
        friend class repeated_timer;
        std::uint64_t periods_;
        bool scattered_;
        clock::time_point start_ = clock::now() + std::chrono::milliseconds(400);  // all have been made by then
        double cpu_before_ = 0;
    };

    repeated_timer(schedule& all, std::uint64_t index) : all_(&all), random_(index), offset_(index * 10) {}

    [[nodiscard]] clock::time_point next() {
        if (all_->scattered_) {
            random_ = random_ * 6364136223846793005U + 1442695040888963407U;
            offset_ = (random_ >> 33) % 1'000'000;
        }
        return all_->start_ + period_ * std::chrono::milliseconds(100) + std::chrono::nanoseconds(offset_);
    }
    /// False when it has fired often enough.
    [[nodiscard]] bool again() {
        if (all_->cpu_before_ == 0) all_->cpu_before_ = cpu_seconds();  // the first of all: what follows is measured
        return ++period_ != all_->periods_;
    }

private:
    schedule* all_;
    std::uint64_t random_;
    std::uint64_t offset_;  // in a period
    std::uint64_t period_ = 0;
};

template <class Run>
void report_each(std::uint64_t operations, Run run) {
    const double before = cpu_seconds();
    run(operations);
    const double cpu = cpu_seconds() - before;
    report(cpu * 1e9 / static_cast<double>(operations), cpu);
}

}  // namespace bench
