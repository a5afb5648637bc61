#pragma once
// Limits, priority and CPUs of a child, as an initialiser for Boost.Process: it sets them between clone and exec.

#include <boost/process/v2/error.hpp>

#include <cerrno>
#include <optional>
#include <vector>

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace braid::process_detail {

/// Nothing, if there are none. The numbers have been checked.
[[nodiscard]] inline std::optional<cpu_set_t> cpu_set_of(const std::vector<int>& cpus) noexcept {
    if (cpus.empty()) return std::nullopt;
    cpu_set_t set;
    CPU_ZERO(&set);
    for (const int cpu : cpus) CPU_SET(cpu, &set);
    return set;
}

struct child_settings {
    struct limit {
        int resource;
        rlim_t soft;
        rlim_t hard;
    };
    std::vector<limit> limits = {};
    int niceness = 0;  ///< added to the parent's
    std::optional<cpu_set_t> cpus = {};

    /// In the child, which has the parent's memory: system calls only.
    template <class Launcher>
    boost::process::v2::error_code on_exec_setup(Launcher&, const boost::process::v2::filesystem::path&,
                                                 const char* const*&) const {
        return {apply(), boost::system::system_category()};
    }

    /// To this process. Returns 0 or an errno.
    [[nodiscard]] int apply() const noexcept {
        for (const limit& each : limits) {
            const rlimit wanted{.rlim_cur = each.soft, .rlim_max = each.hard};
            if (::syscall(SYS_prlimit64, 0, each.resource, &wanted, nullptr) != 0) return errno;
        }
        if (niceness != 0) {
            const long kernels = ::syscall(SYS_getpriority, PRIO_PROCESS, 0);  // 20 - nice, never negative
            if (::syscall(SYS_setpriority, PRIO_PROCESS, 0, 20 - kernels + niceness) != 0) return errno;
        }
        if (cpus && ::syscall(SYS_sched_setaffinity, 0, sizeof *cpus, &*cpus) != 0) return errno;
        return 0;
    }
};

}  // namespace braid::process_detail
