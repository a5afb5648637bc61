#pragma once
// Sites that never end, most often by accident: calendars, session identifiers, relative links that go deeper and
// deeper.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace crawl {

struct trap_limits {
    std::size_t length = 2048;                ///< characters of a URL
    std::size_t segments = 32;                ///< of its path
    std::size_t same_segment = 4;             ///< how often one of them may occur in it
    std::uint32_t queries_of_path = 10'000;   ///< URLs that differ in their query alone
    std::uint64_t urls_of_host = UINT64_MAX;  ///< of one host and port
};

/// Threads: one.
class traps {
public:
    explicit traps(trap_limits limits) : limits_(limits) {}

    /// Why a canonical URL looks like a trap; empty if it does not.
    [[nodiscard]] std::string suspicion(std::string_view url) const;

    /// It is to be fetched: it counts.
    void count(std::string_view url);

private:
    trap_limits limits_;
    std::unordered_map<std::uint64_t, std::uint32_t> queries_;  // by the hash of what comes before the `?`
    std::unordered_map<std::string, std::uint64_t> hosts_;      // by origin; kept only if there is a limit
};

}  // namespace crawl
