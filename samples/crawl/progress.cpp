#include "progress.hpp"

#include <fmt/format.h>

#include "terminal_text.hpp"

namespace crawl {

std::string plain_hosts(const progress& now) {
    std::string text;
    for (const host_load& host : now.busiest) {
        text += fmt::format("  {}: {} of {} at a time, {} queued", printable(host.origin), host.in_flight, host.limit,
                            host.queued);
        if (host.delay.count() > 0)
            text += fmt::format(", {} s between fetches", std::chrono::duration<double>(host.delay).count());
        text += '\n';
    }
    return text;
}

std::string plain_line(const progress& now) {
    const double seconds = now.elapsed.count();
    const double rate = seconds > 0 ? static_cast<double>(now.pages) / seconds : 0;
    return fmt::format("{:.1f} s: {} pages, {} queued, {:.0f} pages/s, {} in flight, {} errors, {} workers\n", seconds,
                       now.pages, now.queued, rate, now.in_flight, now.errors, now.workers);
}

}  // namespace crawl
