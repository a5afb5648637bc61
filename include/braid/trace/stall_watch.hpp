#pragma once
// stall_watch: tells when something holds a loop, and what.

#include <braid/core/sleep.hpp>

#include <functional>
#include <memory>
#include <source_location>
#include <string>
#include <vector>

namespace braid {

/// A loop that has been held by one step of one task.
struct stall {
    duration held;  ///< so far
    /// The await at which the step began, and those around it, from the inside out. What the step has awaited since
    /// without suspending is not known. Empty for the first step of a task, and for what is no task.
    std::vector<std::source_location> awaits;

    [[nodiscard]] std::string text() const;
};

/// While there is one, every step of every task is noted, at a cost of some 100 ns, and a thread looks for those that
/// last longer than `limit`. Each is reported once, from that thread, while it lasts: to standard error, or to
/// `report`, which must not throw. Throws: `usage_error` when there is one already, or for a limit that is not
/// positive.
class stall_watch {
public:
    explicit stall_watch(duration limit, std::function<void(const stall&)> report = {});
    stall_watch(const stall_watch&) = delete;
    stall_watch& operator=(const stall_watch&) = delete;
    ~stall_watch();

private:
    class watcher;
    std::unique_ptr<watcher> watcher_;
};

}  // namespace braid
