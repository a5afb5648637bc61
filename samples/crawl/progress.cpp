#include "progress.hpp"

#include <fmt/format.h>

namespace crawl {

std::string plain_line(const progress& now) {
    const double seconds = now.elapsed.count();
    const double rate = seconds > 0 ? static_cast<double>(now.pages) / seconds : 0;
    return fmt::format("{:.1f} s: {} pages, {} queued, {:.0f} pages/s, {} in flight, {} errors, {} workers\n", seconds,
                       now.pages, now.queued, rate, now.in_flight, now.errors, now.workers);
}

}  // namespace crawl
