#pragma once
// A call that a worker has, from the side of its parent, and a worker that sends what it likes.

#include "fuzz/beside_input.hpp"
#include "process/attachment_ends.hpp"
#include "process/services.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace braid_fuzz {

inline constexpr std::uint64_t own_frame = braid::process_detail::frame_id(2, 5);
/// Of a call that waits behind the other, at the same worker.
inline constexpr std::uint64_t other_frame = braid::process_detail::frame_id(3, 6);

/// Bytes that a parent lends with a call; 0: none.
struct lent_sizes {
    std::size_t for_argument;
    std::size_t for_result;
};
inline constexpr auto ways_to_lend = std::to_array<lent_sizes>({
    {.for_argument = 0, .for_result = 0},
    {.for_argument = 100, .for_result = 0},
    {.for_argument = 100, .for_result = 10'000},
    {.for_argument = 5'000, .for_result = 100},  // for both, then
    {.for_argument = 0, .for_result = 300},
    // So much that a sound worker makes use of it.
    {.for_argument = 1 << 20, .for_result = 1 << 20},
    {.for_argument = 100, .for_result = (2 << 20) + 64},
});
/// Little, unless it is the number of one of the ways to lend much, whose pages take the time of many inputs.
[[nodiscard]] constexpr const lent_sizes& way_to_lend(std::uint8_t number) {
    constexpr std::size_t with_little = 5;
    return ways_to_lend[number < ways_to_lend.size() ? number : number % with_little];
}

/// What the worker knows the memory by that is shared by its two calls, and that which their parent has dropped again.
inline constexpr std::uint64_t shared_argument = 1;
inline constexpr std::uint64_t dropped_argument = 2;

/// What lies in memory whose content must not come to light: that of the other call, and that behind what was lent.
inline constexpr std::byte secret{0xee};

struct call_under_way {
    call_under_way(braid::process_detail::socket_ends ends, const lent_sizes& lent);

    braid::process_detail::parent_attachments parent;
    braid::process_detail::unique_fd worker;  // end of the socket
    std::uint64_t result_room = 0;            // by this the worker knows it

private:
    std::shared_ptr<braid::wire::segment> dropped_;
    std::shared_ptr<braid::wire::segment> argument_;
};

class hostile_worker {
public:
    /// Reads what came with its two calls.
    explicit hostile_worker(braid::process_detail::unique_fd socket);

    void send(const sent_message& message);
    /// Takes back what it sent, as far as it can.
    void shrink_its_memory() const noexcept;
    /// All the bytes that it was lent for the first.
    [[nodiscard]] std::size_t bytes_lent() const;

private:
    [[nodiscard]] braid::process_detail::unique_fd open(const sent_descriptors& what) const;

    braid::process_detail::unique_fd socket_;
    std::vector<braid::process_detail::attachment> lent_;  // for the first
    std::vector<braid::process_detail::unique_fd> sent_;
};

}  // namespace braid_fuzz
