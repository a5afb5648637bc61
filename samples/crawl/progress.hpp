#pragma once
// Where a crawl is: what the crawler tells, and all that is shown of it is made from.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace crawl {

/// The URL that failed last.
struct crawl_problem {
    std::string url;
    std::string why;  ///< as it came from the network: not to be printed as it is
};

/// What goes on with one host and port.
struct host_load {
    std::string origin{};               ///< with its scheme
    std::uint64_t in_flight = 0;        ///< URLs being fetched or parsed, those included that wait for the delay
    std::uint64_t limit = 0;            ///< of them
    std::uint64_t queued = 0;           ///< URLs waiting
    std::chrono::milliseconds delay{};  ///< between two fetches; most hosts have none
    std::uint64_t done = 0;             ///< URLs that came to their end in this run

    [[nodiscard]] std::uint64_t to_do() const noexcept { return in_flight + queued; }
};

/// Where a crawl is at one moment.
struct progress {
    std::uint64_t pages = 0;      ///< URLs that a response came for
    std::uint64_t queued = 0;     ///< URLs waiting
    std::uint64_t in_flight = 0;  ///< URLs being fetched or parsed
    std::uint64_t errors = 0;     ///< URLs that failed, in whatever way
    std::uint32_t workers = 0;    ///< worker processes alive
    std::chrono::duration<double> elapsed{};

    std::uint64_t done = 0;            ///< URLs that came to their end, those of earlier runs included
    std::uint64_t bytes = 0;           ///< of bodies, decoded
    std::uint64_t received = 0;        ///< of bodies, as they came
    std::uint64_t connections = 0;     ///< that something is fetched over
    std::uint64_t hosts = 0;           ///< that something is in flight of
    std::uint64_t hosts_waiting = 0;   ///< that are not asked before some time has passed, though somebody wants to
    std::vector<host_load> busiest{};  ///< of those hosts, the ones with most to do: that first; at most ten
    std::uint64_t parsing = 0;         ///< pages that are parsed, or wait for a worker that does
    bool stopping = false;             ///< what is queued will not be fetched
    crawl_problem last_error{};        ///< if there are any

    /// URLs that were, are or will be fetched, as far as that is known.
    [[nodiscard]] std::uint64_t known() const noexcept { return done + in_flight + queued; }
};

/// A line for each of the busiest hosts, for a pipe or a file.
[[nodiscard]] std::string plain_hosts(const progress& now);

/// One line of words, for a pipe or a file: no control characters but the newline at its end.
[[nodiscard]] std::string plain_line(const progress& now);

}  // namespace crawl
