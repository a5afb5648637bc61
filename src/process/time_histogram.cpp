#include <braid/process/time_histogram.hpp>

#include <cmath>
#include <numeric>

namespace braid {

void time_histogram::add(const time_histogram& other) noexcept {
    for (std::size_t i = 0; i != bucket_count; ++i) counts_[i] += other.counts_[i];
}

std::uint64_t time_histogram::count() const noexcept {
    return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

std::chrono::nanoseconds time_histogram::percentile(double percent) const noexcept {
    const auto rank = std::ceil(static_cast<double>(count()) * std::clamp(percent, 0.0, 100.0) / 100);
    const auto wanted = std::max(static_cast<std::uint64_t>(rank), std::uint64_t{1});
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i != bucket_count; ++i) {
        seen += counts_[i];
        if (seen < wanted) continue;
        const auto end = i + 1 == bucket_count ? begin_of(i) : begin_of(i + 1) - std::chrono::nanoseconds(1);
        return (begin_of(i) + end) / 2;
    }
    return {};
}

}  // namespace braid
