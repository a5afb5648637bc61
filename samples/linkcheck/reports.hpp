#pragma once
// What was found, as text: for people and for programs.

#include <filesystem>
#include <string>

#include "findings.hpp"

namespace linkcheck {

/// A table of what is broken, what was not checked and why, and a line that sums up. What came from the network is
/// shown without control characters.
[[nodiscard]] std::string format_table(const findings& all);

/// One JSON object, and a newline.
[[nodiscard]] std::string format_json(const findings& all);

/// XML in the form of JUnit: each page is a test case, which fails if it has broken links. One that could not be read
/// is an error, and what was left out is skipped.
[[nodiscard]] std::string format_junit(const findings& all);

}  // namespace linkcheck
