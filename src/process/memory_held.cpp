#include "process/memory_held.hpp"

#include "process/descriptors.hpp"

#include <array>
#include <cstdio>

#include <fcntl.h>
#include <unistd.h>

namespace braid::process_detail {

namespace {

struct pages {
    unsigned long long total = 0;
    unsigned long long resident = 0;
};

std::optional<pages> pages_of(pid_t pid) noexcept {
    std::array<char, 64> path{};
    std::snprintf(path.data(), path.size(), "/proc/%d/statm", static_cast<int>(pid));
    const unique_fd file(::open(path.data(), O_RDONLY | O_CLOEXEC));
    if (!file) return std::nullopt;
    std::array<char, 128> text{};
    if (::read(file.get(), text.data(), text.size() - 1) <= 0) return std::nullopt;
    pages found;
    if (std::sscanf(text.data(), "%llu %llu", &found.total, &found.resident) != 2) return std::nullopt;
    return found;
}

std::uint64_t bytes(unsigned long long pages) { return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)); }

}  // namespace

std::optional<std::uint64_t> memory_held_by(pid_t pid) noexcept {
    const auto found = pages_of(pid);
    return found ? std::optional(bytes(found->resident)) : std::nullopt;
}

std::optional<std::uint64_t> address_space_of(pid_t pid) noexcept {
    const auto found = pages_of(pid);
    return found ? std::optional(bytes(found->total)) : std::nullopt;
}

}  // namespace braid::process_detail
