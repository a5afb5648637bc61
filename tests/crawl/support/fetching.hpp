#pragma once
// One fetch from a server of the tests, and what is expected of it.

#include <crawl/fetch.hpp>

#include <string>

#include "test_server.hpp"

namespace crawl::testing {

[[nodiscard]] url parsed(const std::string& text);

/// The servers of the tests are on loopback.
[[nodiscard]] fetch_options local(fetch_options options = {});

/// Fetches one URL of a server that answers every request in the same way.
[[nodiscard]] fetch_result fetch_one(const reply& how, const fetch_options& options = {});

void check_failure(const fetch_result& result, outcome how, const std::string& part_of_message);

/// Requires that a response came.
const fetched& check_response(const fetch_result& result);

}  // namespace crawl::testing
