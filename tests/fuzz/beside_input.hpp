#pragma once
// What an input of the fuzzer `beside` says, and how it lies in the bytes: any bytes say something.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace braid_fuzz {

/// What a worker's descriptors may be of. The first is what a sound worker sends as memory; `size` is that of memory.
enum class sent_kind : std::uint8_t {
    sealed_memory,
    unsealed_memory,
    shrinking_memory,  ///< with every seal but the one that counts
    memory_for_reading,
    memory_sealed_for_writing,
    memory_as_a_path,  ///< O_PATH
    huge_pages,        ///< which can run out
    enormous_memory,   ///< 2^32 times its size
    lent_memory,       ///< what it was lent, if anything
    pipe_end,
    null_device,
    own_socket,
};
inline constexpr std::size_t sent_kinds = static_cast<std::size_t>(sent_kind::own_socket) + 1;

/// One open file, many times.
struct sent_descriptors {
    sent_kind kind = sent_kind::sealed_memory;
    std::uint8_t count = 0;
    std::uint16_t size = 0;
};

/// A message beside the frames, whatever it says of itself: its bytes, and so many zeros behind them.
struct sent_message {
    std::vector<sent_descriptors> descriptors;
    std::vector<std::byte> bytes;
    std::uint16_t zeros = 0;
};

struct beside_input {
    std::uint8_t expected = 0;  ///< type, of those that the target knows
    std::uint8_t lent = 0;      ///< how much: see way_to_lend
    std::uint8_t room = 0;      ///< if not 0: its parent hears it again, with room for one descriptor less than this
    bool promised = false;      ///< the frame says that something came beside it
    std::vector<sent_message> messages;
    std::vector<std::byte> reply;

    /// What is missing is zero.
    [[nodiscard]] static beside_input read(std::span<const std::byte> bytes);
    /// As `read` finds it: up to three messages, of up to three kinds of descriptors and 255 bytes.
    [[nodiscard]] std::vector<std::byte> written() const;
};

}  // namespace braid_fuzz
