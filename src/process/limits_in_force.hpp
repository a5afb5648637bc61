#pragma once
// The limits of one call, in the worker that runs it.

#include <braid/process/call_limits.hpp>

#include <cstddef>
#include <sys/resource.h>

#include <array>
#include <optional>

namespace braid::process_detail {

/// Lowers what this process may use, for as long as this lives. Threads: one at a time.
class limits_in_force {
public:
    /// Throws: std::system_error.
    explicit limits_in_force(const call_limits& limits);
    limits_in_force(const limits_in_force&) = delete;
    limits_in_force& operator=(const limits_in_force&) = delete;
    ~limits_in_force();

private:
    /// Its soft limit, which can be raised again.
    class lowered {
    public:
        lowered(__rlimit_resource resource, rlim_t limit);
        lowered(const lowered&) = delete;
        lowered& operator=(const lowered&) = delete;
        ~lowered();

    private:
        const __rlimit_resource resource_;
        rlimit before_{};
    };

    std::optional<lowered> memory_;
    std::optional<lowered> file_size_;
    bool counts_cpu_time_ = false;
};

}  // namespace braid::process_detail
