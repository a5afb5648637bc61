#pragma once
// The whole check: crawl with fragments, then ask elsewhere, then read what was found.

#include <braid/core/task.hpp>

#include "findings.hpp"
#include "options.hpp"

namespace linkcheck {

/// Checks a site or a folder. Throws: std::exception of any kind if it cannot be done, with words for the user.
braid::task<findings> check(const options& wanted);

}  // namespace linkcheck
