#pragma once
// Times as text.

#include <chrono>
#include <string>

namespace crawl {

/// UTC, ISO 8601 with milliseconds.
[[nodiscard]] std::string iso_time(std::chrono::system_clock::time_point when);

}  // namespace crawl
