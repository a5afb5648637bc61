#include "process/descriptor_room.hpp"

#include <cassert>
#include <cstring>

namespace braid::process_detail {

void descriptor_room::send_along(msghdr& out, std::span<const int> descriptors) noexcept {
    assert(descriptors.size() <= most_sent_descriptors);
    if (descriptors.empty()) return;
    out.msg_control = bytes_;
    out.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* const header = CMSG_FIRSTHDR(&out);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
}

void descriptor_room::receive_along(msghdr& in) noexcept {
    in.msg_control = bytes_;
    in.msg_controllen = sizeof bytes_;
}

std::vector<unique_fd> descriptor_room::taken_from(msghdr& in) {
    std::vector<unique_fd> all;
    for (cmsghdr* header = CMSG_FIRSTHDR(&in); header; header = CMSG_NXTHDR(&in, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i != count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
            all.emplace_back(fd);
        }
    }
    return all;
}

}  // namespace braid::process_detail
