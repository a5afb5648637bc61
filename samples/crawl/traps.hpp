#pragma once
// Sites that never end, most often by accident: calendars, session identifiers, relative links that go deeper and
// deeper.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "hash_counter.hpp"

namespace crawl {

struct trap_limits {
    std::size_t length = 2048;                ///< characters of a URL
    std::size_t segments = 32;                ///< of its path
    std::size_t same_segment = 4;             ///< how often one of them, or of the query's parameters, may occur in it
    std::size_t parameters = 64;              ///< of its query
    unsigned years_ahead = 10;                ///< of a date in it; calendars have no end
    unsigned years_back = 100;                ///< of the same, and no beginning
    std::uint32_t queries_of_path = 10'000;   ///< URLs that differ in their query alone
    std::uint32_t copies = 100;               ///< pages of one host with the same content whose links are followed
    std::uint64_t urls_of_host = UINT64_MAX;  ///< of one host and port
};

/// Threads: one.
class traps {
public:
    /// Dates are compared with `this_year`.
    traps(trap_limits limits, int this_year) : limits_(limits), this_year_(this_year) {}
    explicit traps(trap_limits limits);

    /// Why a canonical URL looks like a trap; empty if it does not.
    [[nodiscard]] std::string suspicion(std::string_view url) const;

    /// It is to be fetched: it counts.
    void count(std::string_view url);

    /// It was fetched. True if too many of its host had the same content before.
    [[nodiscard]] bool is_copy(std::string_view url, std::uint64_t content_hash);

    /// Bytes held, but for the budgets of hosts.
    [[nodiscard]] std::size_t memory() const noexcept { return queries_.memory() + contents_.memory(); }

private:
    [[nodiscard]] std::string suspicion_of_dates(std::string_view url) const;
    [[nodiscard]] std::string suspicion_of_query(std::string_view query) const;
    [[nodiscard]] std::string suspicion_of_number(std::string_view url, std::string_view base) const;

    trap_limits limits_;
    int this_year_;
    hash_counter queries_;                                  // of what comes before the `?`
    hash_counter contents_;                                 // of a host
    std::unordered_map<std::string, std::uint64_t> hosts_;  // by origin; kept only if there is a limit
};

struct years {
    int earliest;
    int latest;
};

/// Those that dates in this URL name: as in `/2024/05`, `2024-05-31`, `year=2024`.
[[nodiscard]] std::optional<years> years_in(std::string_view url);

}  // namespace crawl
