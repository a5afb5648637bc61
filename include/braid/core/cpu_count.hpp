#pragma once
// How many workers are worth having.

namespace braid {

/// CPUs that this process may use: its affinity mask, and the quota of its control groups rounded up. At least 1.
[[nodiscard]] int usable_cpus();

}  // namespace braid
