#include "process/oom_watch.hpp"

#include <exception>
#include <fstream>
#include <utility>

namespace braid::process_detail {

namespace {

std::string own_events_file() {
    std::ifstream groups("/proc/self/cgroup");
    for (std::string line; std::getline(groups, line);) {
        if (line.starts_with("0::")) return "/sys/fs/cgroup" + line.substr(3) + "/memory.events";
    }
    return {};  // no cgroup v2: never mind
}

}  // namespace

oom_watch::oom_watch() : oom_watch(own_events_file()) {}

oom_watch::oom_watch(std::string events_file) : events_file_(std::move(events_file)), seen_(kills()) {}

std::optional<std::uint64_t> oom_watch::kills() const noexcept {
    try {
        std::ifstream events(events_file_);
        std::string key;
        for (std::uint64_t count = 0; events >> key >> count;) {
            if (key == "oom_kill") return count;
        }
    } catch (const std::exception&) {
        // As good as a file that is not there.
    }
    return std::nullopt;
}

bool oom_watch::killed_since() noexcept {
    const std::lock_guard lock(mutex_);
    const auto now = kills();
    const auto before = std::exchange(seen_, now);
    return now && before && *now > *before;
}

}  // namespace braid::process_detail
