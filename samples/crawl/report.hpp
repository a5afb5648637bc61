#pragma once
// What is printed when a crawl is over.

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "outcome.hpp"
#include "progress.hpp"
#include "store.hpp"

namespace crawl {

/// Everything the summary tells.
struct summary {
    std::uint64_t pages = 0;  ///< URLs that a response came for
    std::uint64_t bytes = 0;  ///< decoded
    std::chrono::duration<double> elapsed{};
    std::chrono::duration<double> parent_cpu{};
    std::chrono::duration<double> worker_cpu{};
    std::array<std::uint64_t, outcome_count> outcomes{};  ///< URLs by how they ended, by the enumerator's value
    broken_links broken{};
    std::uint64_t unchanged = 0;       ///< pages that are as they were in the crawl that was refreshed
    std::uint64_t resumed = 0;         ///< URLs that an earlier run had come to the end of
    std::vector<std::string> notes{};  ///< what else a user should know
    std::string output;                ///< the database's name
    bool interrupted = false;          ///< stopped before its end
};

/// Where a crawl that goes on is, as lines of text.
[[nodiscard]] std::string format_state(const progress& now, const summary& so_far);

/// The summary as text, ending with a newline. What came from the network is printed without control characters.
[[nodiscard]] std::string format_summary(const summary& s);

}  // namespace crawl
