#pragma once
// How much memory a process holds.

#include <cstdint>
#include <optional>

#include <sys/types.h>

namespace braid::process_detail {

/// In bytes, resident; nothing if there is no such process. Source: proc(5), /proc/pid/statm.
[[nodiscard]] std::optional<std::uint64_t> memory_held_by(pid_t pid) noexcept;
/// The same of all that it has mapped.
[[nodiscard]] std::optional<std::uint64_t> address_space_of(pid_t pid) noexcept;

}  // namespace braid::process_detail
