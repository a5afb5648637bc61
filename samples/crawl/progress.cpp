#include "progress.hpp"

#include <fmt/format.h>

#include <array>

namespace crawl {
namespace {

/// The parts of a line, the most telling first.
std::array<std::string, 6> parts(const progress& now) {
    const double seconds = now.elapsed.count();
    const double rate = seconds > 0 ? static_cast<double>(now.pages) / seconds : 0;
    return {fmt::format("{} pages", now.pages),   fmt::format("{} queued", now.queued),
            fmt::format("{:.0f} pages/s", rate),  fmt::format("{} in flight", now.in_flight),
            fmt::format("{} errors", now.errors), fmt::format("{} workers", now.workers)};
}

}  // namespace

std::string plain_line(const progress& now) {
    const auto all = parts(now);
    return fmt::format("{:.1f} s: {}\n", now.elapsed.count(), fmt::join(all, ", "));
}

std::string terminal_line(const progress& now, std::size_t width) {
    std::string line;
    for (const std::string& part : parts(now)) {
        const std::size_t needed = line.size() + (line.empty() ? 0 : 2) + part.size();
        if (needed >= width) break;  // the last column stays free: some terminals wrap there
        if (!line.empty()) line += ", ";
        line += part;
    }
    return "\r" + line + "\x1b[K";
}

std::string clear_terminal_line() { return "\r\x1b[K"; }

}  // namespace crawl
