#pragma once
// Descriptors that go along with a message of a Unix socket (SCM_RIGHTS): how the kernel wants them laid out.

#include "process/descriptors.hpp"

#include <cstddef>
#include <span>
#include <vector>

#include <sys/socket.h>

namespace braid::process_detail {

/// The kernel takes no more along with one message (SCM_MAX_FD).
inline constexpr std::size_t most_sent_descriptors = 253;

/// The room beside one message. Lifetime: as long as the message is sent or received.
class descriptor_room {
public:
    /// They go along with `out`. At most `most_sent_descriptors`; whoever sends keeps its own.
    void send_along(msghdr& out, std::span<const int> descriptors) noexcept;
    /// They may come along with `in`.
    void receive_along(msghdr& in) noexcept;
    /// What came: owned, whether it is wanted or not.
    [[nodiscard]] static std::vector<unique_fd> taken_from(msghdr& in);

private:
    alignas(cmsghdr) char bytes_[CMSG_SPACE(most_sent_descriptors * sizeof(int))];
};

}  // namespace braid::process_detail
