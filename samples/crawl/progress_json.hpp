#pragma once
// Where a crawl is, for programs.

#include <string>
#include <string_view>

#include "progress.hpp"
#include "progress_rates.hpp"

namespace crawl {

/// One object and a newline, in valid UTF-8 whatever came from the network. README.md describes the members.
[[nodiscard]] std::string progress_json(const progress& now, const rates& speed, std::string_view state);

}  // namespace crawl
