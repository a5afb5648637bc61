#pragma once
// The problems of hopping to another thread and back: how many hops are under way at once, and how they are timed.

#include "support/contender.hpp"

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

namespace bench {

/// As many as there are CPUs to run on.
inline std::size_t hop_threads() {
    cpu_set_t mask;
    return sched_getaffinity(0, sizeof mask, &mask) == 0 ? static_cast<std::size_t>(CPU_COUNT(&mask)) : 1;
}

/// The times of hops one after the other.
class hop_times {
public:
    explicit hop_times(std::uint64_t count) { all_.reserve(count); }
    void begin() { begun_ = std::chrono::steady_clock::now(); }
    void end() {
        all_.push_back(std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begun_).count());
    }
    double median() {
        const auto middle = all_.begin() + static_cast<std::ptrdiff_t>(all_.size() / 2);
        std::nth_element(all_.begin(), middle, all_.end());
        return *middle;
    }

private:
    std::chrono::steady_clock::time_point begun_;
    std::vector<double> all_;
};

/// `one_by_one(times, count)` and `at_once(in_flight, each)` do the hops.
template <class OneByOne, class AtOnce>
int measure_hops(const request& asked, OneByOne one_by_one, AtOnce at_once) {
    const stopwatch watch;
    if (asked.problem == "on_thread_1") {
        hop_times times(asked.operations);
        one_by_one(times, asked.operations);
        report(times.median(), watch.cpu_seconds());
        return 0;
    }
    const std::uint64_t in_flight = asked.problem == "on_thread_64" ? 64 : 1'000;
    const std::uint64_t each = std::max<std::uint64_t>(1, asked.operations / in_flight);
    at_once(in_flight, each);
    report(watch.wall_seconds() * 1e9 / static_cast<double>(in_flight * each), watch.cpu_seconds());
    return 0;
}

}  // namespace bench
