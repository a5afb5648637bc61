#pragma once
// What one call to a worker process may use.

#include <chrono>
#include <cstdint>
#include <optional>

namespace braid {

/// In force while the call runs, within those of the pool (worker_limits); the kernel sees to it.
/// Source: setrlimit(2), timer_create(2).
struct call_limits {
    /// Bytes of address space, beyond what the worker has when the call begins. Then allocations fail: the call throws
    /// std::bad_alloc. Not with sanitizers, which reserve terabytes.
    std::optional<std::uint64_t> memory = {};
    /// Of all its threads together, not of its children. Then its worker dies (`death_reason::cpu_limit`), unless the
    /// call ignores SIGXCPU.
    std::optional<std::chrono::milliseconds> cpu_time = {};
    /// Bytes in any file that it writes. Then its worker dies (`death_reason::file_size_limit`), unless the call
    /// ignores SIGXFSZ.
    std::optional<std::uint64_t> file_size = {};

    [[nodiscard]] bool any() const noexcept { return memory || cpu_time || file_size; }
};

}  // namespace braid
