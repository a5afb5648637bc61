#pragma once
// How long messages between a pool and its workers may be: process_pool_options::max_message_size.

#include <cstdint>

namespace braid::wire {
class writer;
}

namespace braid::process_detail {

// What a pool may allow for the arguments of a call, and for its result.
inline constexpr std::uint64_t least_message_limit = std::uint64_t{1} << 20;  // what fits into a board always may
inline constexpr std::uint64_t most_message_limit = std::uint64_t{1} << 62;

/// The longest body of a frame where so much is allowed: what we add to it is small beside this.
[[nodiscard]] constexpr std::uint64_t longest_frame(std::uint64_t message_limit) noexcept {
    return message_limit + least_message_limit;
}

/// In a worker: the reply of a call whose own would have so many bytes. The parent would take that for an attack.
void encode_too_large(wire::writer& reply, std::uint64_t size, std::uint64_t message_limit);

}  // namespace braid::process_detail
