#pragma once
// The seeds of tests that draw something: fresh ones every time, and one again when it is named.

#include <cstdint>
#include <vector>

namespace braid::testing {

/// That of the environment variable BRAID_TEST_SEED alone, if there is one; else as many as BRAID_TEST_RUNS says, 20 by
/// default, new ones in each program. Throws: `usage_error` if these are no numbers.
[[nodiscard]] std::vector<std::uint64_t> test_seeds();

}  // namespace braid::testing
