#include "process/chaos/transcript.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

namespace chaos {

std::string name_of(std::size_t number) { return fmt::format("call {}", number); }

void transcript::add(const braid::worker_line& line) {
    const std::lock_guard lock(mutex_);
    std::size_t number = 0;
    if (std::sscanf(std::string(line.text).c_str(), "errand %zu", &number) != 1) {
        strange_.emplace_back(line.pid, line.text);
    } else if (!continues(number, line)) {
        complaints_.push_back(
            fmt::format("worker {} in \"{}\" printed, out of turn: {}", line.pid, line.call, line.text));
    }
}

bool transcript::continues(std::size_t number, const braid::worker_line& line) {
    speaker& by = speakers_[number];
    std::size_t& next = by.lines.at(static_cast<std::size_t>(line.stream));
    return !by.is_over && line.call == name_of(number) && line.text == line_for(number, next++);
}

void transcript::ended_with_answer(std::size_t number, std::size_t lines) {
    const std::lock_guard lock(mutex_);
    for (const std::size_t seen : speakers_[number].lines) {
        if (seen != lines) complaints_.push_back(fmt::format("of {} lines of call {} came {}", lines, number, seen));
    }
}

void transcript::ended(std::size_t number) {
    const std::lock_guard lock(mutex_);
    speakers_[number].is_over = true;
}

std::vector<std::string> transcript::complaints(const harm_by_pid& done) {
    const std::lock_guard lock(mutex_);
    for (const auto& [pid, text] : strange_) {
        const auto at = done.find(pid);
        if (at != done.end() && at->second.starved) continue;
        complaints_.push_back(fmt::format("worker {} printed, and no errand did: {}", pid, text));
    }
    return std::exchange(complaints_, {});
}

}  // namespace chaos
