#pragma once
// The CPU time that the control groups of this process leave to it.

#include <filesystem>
#include <optional>

namespace braid::detail {

/// In CPUs: the smallest quota of its groups and of those above them, of both versions; empty when there is none.
/// `root` is where the file system is; another one in tests.
[[nodiscard]] std::optional<double> cpus_by_quota(const std::filesystem::path& root = "/");

}  // namespace braid::detail
