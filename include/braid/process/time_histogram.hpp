#pragma once
// How long something took each time, counted.

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace braid {

/// Counts durations from a nanosecond to half an hour in buckets that grow with them, four for each doubling: what
/// it tells is right to an eighth. Nothing is allocated.
class time_histogram {
public:
    static constexpr std::size_t bucket_count = 160;

    void record(std::chrono::nanoseconds time, std::uint64_t times = 1) noexcept { counts_[bucket_of(time)] += times; }
    void add(const time_histogram& other) noexcept;

    [[nodiscard]] std::uint64_t count() const noexcept;
    /// Of all that was recorded, so many per cent took this long at most: 50 is the median, 100 the longest. Zero if
    /// nothing was recorded.
    [[nodiscard]] std::chrono::nanoseconds percentile(double percent) const noexcept;

    /// How many there are in each bucket; a bucket begins at `begin_of(index)`.
    [[nodiscard]] const std::array<std::uint64_t, bucket_count>& counts() const noexcept { return counts_; }
    [[nodiscard]] std::array<std::uint64_t, bucket_count>& counts() noexcept { return counts_; }

    [[nodiscard]] static std::size_t bucket_of(std::chrono::nanoseconds time) noexcept {
        if (time.count() < 4) return time.count() < 0 ? 0 : static_cast<std::size_t>(time.count());
        const auto ns = static_cast<std::uint64_t>(time.count());
        const auto doublings = static_cast<std::size_t>(std::bit_width(ns)) - 1;
        return std::min((doublings - 1) * 4 + (ns >> (doublings - 2)) % 4, bucket_count - 1);
    }
    [[nodiscard]] static std::chrono::nanoseconds begin_of(std::size_t bucket) noexcept {
        if (bucket < 4) return std::chrono::nanoseconds(bucket);
        return std::chrono::nanoseconds((4 + bucket % 4) << (bucket / 4 - 1));
    }

private:
    std::array<std::uint64_t, bucket_count> counts_{};
};

}  // namespace braid
