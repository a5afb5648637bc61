#pragma once
// Times of the calendar.

#include <chrono>
#include <cstdint>
#include <string>

namespace crawl {

/// UTC, ISO 8601 with milliseconds.
[[nodiscard]] std::string iso_time(std::chrono::system_clock::time_point when);

/// So many seconds after 1970. The clock's type knows the years from 1677 to 2262: what is beyond becomes its end.
[[nodiscard]] std::chrono::system_clock::time_point time_of_seconds(std::int64_t seconds) noexcept;

}  // namespace crawl
