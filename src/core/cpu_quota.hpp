#pragma once
// The CPUs that this process is bound to, and the CPU time that its control groups leave to it.

#include <filesystem>
#include <optional>

namespace braid::detail {

/// CPUs that the calling thread is bound to.
[[nodiscard]] int cpus_by_affinity() noexcept;

/// In CPUs: the smallest quota of its groups and of those above them, of both versions; empty when there is none.
/// `root` is where the file system is; another one in tests.
[[nodiscard]] std::optional<double> cpus_by_quota(const std::filesystem::path& root = "/");

}  // namespace braid::detail
