#include "core/cpu_quota.hpp"

#include <algorithm>
#include <fstream>
#include <string>
#include <string_view>

namespace braid::detail {

namespace {

namespace fs = std::filesystem;

/// cpu.max holds "quota period", or "max period". Source: Documentation/admin-guide/cgroup-v2.rst of Linux.
std::optional<double> quota_of_version_2(const fs::path& group) {
    std::ifstream in(group / "cpu.max");
    double quota = 0;
    double period = 0;
    if (in >> quota >> period && period > 0) return quota / period;
    return std::nullopt;
}

/// A quota of -1 is none. Source: Documentation/scheduler/sched-bwc.rst of Linux.
std::optional<double> quota_of_version_1(const fs::path& group) {
    std::ifstream quota_file(group / "cpu.cfs_quota_us");
    std::ifstream period_file(group / "cpu.cfs_period_us");
    double quota = 0;
    double period = 0;
    if (quota_file >> quota && period_file >> period && quota > 0 && period > 0) return quota / period;
    return std::nullopt;
}

using quota_of_group = std::optional<double> (*)(const fs::path& group);

/// The smallest of a group and of those above it, up to where they are mounted. In a container the group's name may be
/// that outside of it, where only the mount is to be found, which is the container's own group.
void look_upwards(const fs::path& mount, fs::path group, quota_of_group quota_of, std::optional<double>& smallest) {
    for (;; group = group.parent_path()) {
        if (const auto quota = quota_of(mount / group)) smallest = std::min(*quota, smallest.value_or(*quota));
        if (group.empty()) return;
    }
}

/// Whether a list of names with commas between has this one.
bool has(std::string_view list, std::string_view name) {
    for (std::size_t end = 0; end != list.npos; list.remove_prefix(end == list.npos ? 0 : end + 1)) {
        end = list.find(',');
        if (list.substr(0, end) == name) return true;
    }
    return false;
}

}  // namespace

std::optional<double> cpus_by_quota(const fs::path& root) {
    const fs::path mounts = root / "sys/fs/cgroup";
    std::optional<double> smallest;
    std::ifstream groups(root / "proc/self/cgroup");
    // Lines of "number:controllers:/path"; version 2 has number 0 and names no controllers. Source: cgroups(7).
    for (std::string line; std::getline(groups, line);) {
        const auto first = line.find(':');
        const auto second = line.find(':', first + 1);
        if (first == line.npos || second == line.npos) continue;
        const std::string controllers = line.substr(first + 1, second - first - 1);
        const fs::path group = fs::path(line.substr(second + 1)).relative_path();
        if (controllers.empty()) {
            look_upwards(mounts, group, quota_of_version_2, smallest);
        } else if (has(controllers, "cpu")) {
            look_upwards(mounts / "cpu", group, quota_of_version_1, smallest);
            look_upwards(mounts / controllers, group, quota_of_version_1, smallest);
        }
    }
    return smallest;
}

}  // namespace braid::detail
