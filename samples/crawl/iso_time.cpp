#include "iso_time.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace crawl {

std::string iso_time(std::chrono::system_clock::time_point when) {
    const auto since = when.time_since_epoch();
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(since).count() % 1000;
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(when)),
                       milliseconds);
}

std::chrono::system_clock::time_point time_of_seconds(std::int64_t seconds) noexcept {
    using time = std::chrono::system_clock::time_point;
    const auto in_seconds = [](time end) {
        return std::chrono::duration_cast<std::chrono::seconds>(end.time_since_epoch()).count();
    };
    if (seconds >= in_seconds(time::max())) return time::max();
    if (seconds <= in_seconds(time::min())) return time::min();
    return time(std::chrono::seconds(seconds));
}

}  // namespace crawl
