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

}  // namespace crawl
