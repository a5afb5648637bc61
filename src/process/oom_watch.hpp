#pragma once
// Whether the kernel has been killing processes for want of memory: a SIGKILL of its own looks like any other.

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

namespace braid::process_detail {

/// Counts the kills of the control group that this process is in (cgroup v2), if it can be told.
/// Source: Linux, Documentation/admin-guide/cgroup-v2.rst, "memory.events".
/// Threads: any. Where several die at once, only the first to ask is told.
class oom_watch {
public:
    oom_watch();
    /// For tests: another file than the control group's.
    explicit oom_watch(std::string events_file);

    /// True if there were some since this was asked last, or since the watch was made.
    [[nodiscard]] bool killed_since() noexcept;

private:
    [[nodiscard]] std::optional<std::uint64_t> kills() const noexcept;

    const std::string events_file_;
    std::mutex mutex_;
    std::optional<std::uint64_t> seen_;  // under mutex_
};

}  // namespace braid::process_detail
