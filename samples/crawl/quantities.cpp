#include <fmt/format.h>

#include <charconv>
#include <stdexcept>

#include "ascii.hpp"
#include "options.hpp"

namespace crawl {
namespace {

struct quantity {
    double number;
    std::string unit;  // in lower case
};

quantity split(const std::string& text, std::string_view wanted) {
    quantity q{};
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, q.number, std::chars_format::fixed);
    if (error != std::errc() || !(q.number >= 0))
        throw std::invalid_argument(fmt::format("\"{}\" is not {}", text, wanted));
    q.unit = ascii::lower_case({rest, end});
    return q;
}

}  // namespace

std::uint64_t parse_size(const std::string& text) {
    constexpr std::string_view wanted = "a size such as 500K, 10M or 2G";
    quantity q = split(text, wanted);
    if (q.unit.ends_with("ib")) {
        q.unit.resize(q.unit.size() - 2);
    } else if (q.unit.ends_with('b')) {
        q.unit.pop_back();
    }
    double scale = 1;
    if (q.unit == "k") scale = 1024;
    if (q.unit == "m") scale = 1024.0 * 1024;
    if (q.unit == "g") scale = 1024.0 * 1024 * 1024;
    const double bytes = q.number * scale;
    if ((scale == 1 && !q.unit.empty()) || bytes < 1 || bytes > 1e15) {
        throw std::invalid_argument(fmt::format("\"{}\" is not {}", text, wanted));
    }
    return static_cast<std::uint64_t>(bytes);
}

std::chrono::milliseconds parse_duration(const std::string& text) {
    constexpr std::string_view wanted = "a duration above zero such as 250ms, 10s or 2m";
    const quantity q = split(text, wanted);
    double scale = 0;
    if (q.unit == "ms") scale = 1;
    if (q.unit == "s" || q.unit.empty()) scale = 1000;
    if (q.unit == "m") scale = 60'000;
    const double milliseconds = q.number * scale;
    if (milliseconds < 1 || milliseconds > 1e12)
        throw std::invalid_argument(fmt::format("\"{}\" is not {}", text, wanted));
    return std::chrono::milliseconds(static_cast<std::int64_t>(milliseconds));
}

}  // namespace crawl
