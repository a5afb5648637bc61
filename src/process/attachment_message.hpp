#pragma once
// What travels beside one frame between a parent and a worker: descriptors, some of them of shared memory, all in one
// message of a socket. There is all of it or nothing, and the kernel closes what is never received.

#include "process/descriptors.hpp"
#include "process/descriptor_room.hpp"

#include <braid/wire/attachments.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace braid::process_detail {

inline constexpr std::size_t most_attachments = most_sent_descriptors;
inline constexpr std::size_t most_forgotten = 253;
/// Throws: encode_error.
[[noreturn]] void refuse_too_many();

/// A descriptor, or memory with the number that its sender gave it.
struct attachment {
    std::uint64_t segment_id = 0;           // 0: a plain descriptor
    unique_fd fd;                           // empty if it was taken, could not be received, or is that of `memory`
    std::shared_ptr<wire::segment> memory;  // as sent, or once somebody asked for it
    bool was_taken = false;                 // a descriptor, by who asked for it

    [[nodiscard]] int descriptor() const noexcept { return memory ? memory->fd() : fd.get(); }
};

struct attachment_message {
    std::uint64_t frame = 0;
    std::vector<attachment> items;
    std::vector<std::uint64_t> forgotten;  // memory that will not be spoken of any more
};

/// Two ends of a socket that keeps messages whole and takes descriptors along. Throws: std::system_error.
struct socket_ends {
    unique_fd parent;
    unique_fd worker;
};
[[nodiscard]] socket_ends make_attachment_socket();

enum class when_full : unsigned char { give_up, wait };

/// False: there is no room now. A receiver that is dead takes everything: its death is told elsewhere.
/// Throws: encode_error, if more descriptors are on their way than this user may have; std::system_error.
[[nodiscard]] bool send_message(int socket, const attachment_message& message, when_full then);

/// The next message, if any; what is received is closed on exec. Descriptors that this process has no room for are
/// missing in it. Throws: decode_error for what is no message.
[[nodiscard]] std::optional<attachment_message> receive_message(int socket);

}  // namespace braid::process_detail
