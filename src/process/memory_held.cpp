#include "process/memory_held.hpp"

#include "process/descriptors.hpp"

#include <array>
#include <cstdio>

#include <fcntl.h>
#include <unistd.h>

namespace braid::process_detail {

std::optional<std::uint64_t> memory_held_by(pid_t pid) noexcept {
    std::array<char, 64> path{};
    std::snprintf(path.data(), path.size(), "/proc/%d/statm", static_cast<int>(pid));
    const unique_fd file(::open(path.data(), O_RDONLY | O_CLOEXEC));
    if (!file) return std::nullopt;
    std::array<char, 128> text{};
    if (::read(file.get(), text.data(), text.size() - 1) <= 0) return std::nullopt;
    unsigned long long total = 0;
    unsigned long long resident = 0;
    if (std::sscanf(text.data(), "%llu %llu", &total, &resident) != 2) return std::nullopt;
    return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace braid::process_detail
