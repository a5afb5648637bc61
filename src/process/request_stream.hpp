#pragma once
// What a worker is told: the bytes of the requests, by the pipe or through the memory that it shares with its parent.

#include "process/read_buffer.hpp"
#include "process/shared_ring.hpp"

#include <braid/core/detail/spin.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <span>

namespace braid::process_detail {

/// Threads: one.
class request_stream {
public:
    /// `ring`: null for the pipe alone. `call_parent` wakes that.
    request_stream(ring_reader* ring, std::function<void()> call_parent);

    /// From now on looks for so long before it sleeps.
    void look_for(std::chrono::nanoseconds spin) noexcept { spin_ = spin; }

    /// What has come since: waits for it. Empty at the end, when nothing comes any more.
    /// Lifetime: valid until the next call. Throws: std::system_error.
    [[nodiscard]] std::span<const std::byte> next();

private:
    std::span<const std::byte> next_of_pipe();
    std::span<const std::byte> next_of_ring();
    bool await_bell();

    ring_reader* const ring_;
    std::chrono::nanoseconds spin_{};
    const std::function<void()> call_parent_;
    const std::optional<read_buffer> chunk_;  // of the pipe
    std::size_t given_ = 0;                   // of the ring
    detail::spinner spinner_;
};

}  // namespace braid::process_detail
