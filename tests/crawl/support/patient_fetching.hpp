#pragma once
// Fetching as the crawler does it, by a clock that only moves when somebody waits for it, or a test says so.

#include <crawl/patience.hpp>
#include <crawl/robots.hpp>

#include <braid/core/task.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "test_server.hpp"

namespace crawl::testing {

/// The time of the test, and how much of it was waited for.
inline braid::time_point present;
inline std::chrono::milliseconds waited;

extern const crawl_clock time_of_the_test;

/// From robots.txt to the response.
struct fetching {
    fetcher plain;
    pacer pace;
    patient_fetcher patient;
    std::vector<std::string> told;
    std::vector<std::string> sitemaps;
    robots rules;

    fetching(boost::asio::any_io_executor executor, patience_options how);
};

/// Runs `work` with a server that answers so.
void with_fetching(const test_server::answer& site, patience_options how,
                   std::function<braid::task<>(fetching&, test_server&)> work);

constexpr patience_options hasty{
    .attempts = 3, .first_delay = std::chrono::milliseconds(1), .longest_wait = std::chrono::seconds(60)};

}  // namespace crawl::testing
