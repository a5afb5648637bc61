#include <braid/core/cpu_count.hpp>

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace braid {

namespace {

int cpus_by_affinity() {
    cpu_set_t mask;
    if (::sched_getaffinity(0, sizeof mask, &mask) == 0) return CPU_COUNT(&mask);
    return static_cast<int>(std::thread::hardware_concurrency());  // more CPUs than the mask can hold
}

/// Our group in the unified hierarchy: the line "0::/path".
std::optional<std::string> control_group() {
    std::ifstream in("/proc/self/cgroup");
    for (std::string line; std::getline(in, line);) {
        if (std::string_view(line).starts_with("0::")) return line.substr(3);
    }
    return std::nullopt;
}

/// cpu.max holds "quota period", or "max period". Source: Documentation/admin-guide/cgroup-v2.rst.
std::optional<double> unified_quota(const std::string& group) {
    std::ifstream in("/sys/fs/cgroup" + group + "/cpu.max");
    double quota = 0;
    double period = 0;
    if (in >> quota >> period && period > 0) return quota / period;
    return std::nullopt;
}

std::optional<double> legacy_quota() {
    std::ifstream quota_file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
    std::ifstream period_file("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
    double quota = 0;
    double period = 0;
    if (quota_file >> quota && period_file >> period && quota > 0 && period > 0) return quota / period;
    return std::nullopt;
}

/// The smallest quota of the group and of those above it.
std::optional<double> cpus_by_quota() {
    std::optional<double> smallest = legacy_quota();
    auto group = control_group();
    if (!group) return smallest;
    for (;;) {
        if (const auto quota = unified_quota(*group)) smallest = std::min(*quota, smallest.value_or(*quota));
        const auto slash = group->rfind('/');
        if (slash == std::string::npos) return smallest;
        group->resize(slash);
    }
}

}  // namespace

int usable_cpus() {
    int cpus = cpus_by_affinity();
    if (const auto quota = cpus_by_quota()) cpus = std::min(cpus, static_cast<int>(std::ceil(*quota)));
    return std::max(cpus, 1);
}

}  // namespace braid
