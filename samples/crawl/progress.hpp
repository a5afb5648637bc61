#pragma once
// What is shown while a crawl runs.

#include <chrono>
#include <cstdint>
#include <string>

namespace crawl {

/// Where a crawl is at one moment.
struct progress {
    std::uint64_t pages = 0;      ///< URLs that reached their end in a fetch
    std::uint64_t queued = 0;     ///< URLs waiting
    std::uint64_t in_flight = 0;  ///< URLs being fetched or parsed
    std::uint64_t errors = 0;     ///< URLs that failed, in whatever way
    std::uint32_t workers = 0;    ///< worker processes alive
    std::chrono::duration<double> elapsed{};
};

/// One line of words, for a pipe or a file: no control characters but the newline at its end.
[[nodiscard]] std::string plain_line(const progress& now);

/// A line that replaces the one before it on a terminal of `width` columns: as many of its parts as fit, the most
/// telling first, so that it never wraps. Without a newline.
[[nodiscard]] std::string terminal_line(const progress& now, std::size_t width);

/// Removes the line from the terminal, before anything else is written there.
[[nodiscard]] std::string clear_terminal_line();

}  // namespace crawl
