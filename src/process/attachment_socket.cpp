#include "process/attachment_socket.hpp"

#include <braid/wire/reader.hpp>
#include <braid/wire/writer.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <sys/socket.h>

namespace braid::process_detail {

namespace {

// Numbers that the worker gives are above those of the parent.
constexpr std::uint64_t first_id_of_worker = std::uint64_t{1} << 63;

union control_room {
    cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int))];
};

}  // namespace

socket_ends make_attachment_socket() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) throw_errno("make a pair of sockets");
    return {unique_fd(ends[0]), unique_fd(ends[1])};
}

attachment_socket::attachment_socket(unique_fd socket, side which)
    : socket_(std::move(socket)), side_(which), last_id_(which == side::worker ? first_id_of_worker : 0) {}

void attachment_socket::write_frame(std::uint64_t frame_id) noexcept {
    writing_ = frame_id;
    added_ = 0;
}

// --- out

std::uint32_t attachment_socket::add_descriptor(int fd) {
    send_or_throw({.what = kind::descriptor, .number = added_, .id = writing_}, fd);
    return added_++;
}

std::uint64_t attachment_socket::add_segment(const std::shared_ptr<wire::segment>& memory) {
    for (known& each : known_) {
        if (each.memory.lock() == memory) return each.id;
    }
    send_or_throw({.what = kind::segment, .number = 0, .id = ++last_id_}, memory->fd());
    ++added_;
    known_.push_back({last_id_, memory, side_ == side::worker ? memory : nullptr});
    return last_id_;
}

void attachment_socket::send_or_throw(const note& what, int fd) {
    if (!send(what, fd)) {
        throw wire::encode_error("a descriptor cannot be sent: too many are on their way already");
    }
}

bool attachment_socket::send(const note& what, int fd) {
    note content = what;
    iovec bytes{.iov_base = &content, .iov_len = sizeof content};
    control_room room{};
    msghdr message{};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    if (fd >= 0) {
        message.msg_control = room.bytes;
        message.msg_controllen = sizeof room.bytes;
        cmsghdr* const header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof fd);
        std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
    }
    while (::sendmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
        if (errno == EAGAIN || errno == ETOOMANYREFS) return false;
        if (errno == EPIPE || errno == ECONNRESET) return true;  // it is dead, and others will tell
        if (errno != EINTR) throw_errno(fmt::format("send the descriptor {}", fd));
    }
    return true;
}

void attachment_socket::forget_dropped() {
    std::erase_if(known_, [this](const known& each) {
        return each.memory.expired() && send({.what = kind::forget, .number = 0, .id = each.id}, -1);
    });
}

// --- in

void attachment_socket::receive() {
    while (receive_one()) {
    }
}

bool attachment_socket::receive_one() {
    note content{};
    iovec bytes{.iov_base = &content, .iov_len = sizeof content};
    control_room room{};
    msghdr message{};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = room.bytes;
    message.msg_controllen = sizeof room.bytes;
    const ssize_t size = ::recvmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (size < 0 && errno == EINTR) return true;
    if (size <= 0) return false;
    unique_fd fd;
    if (const cmsghdr* const header = CMSG_FIRSTHDR(&message);
        header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
        int number = -1;
        std::memcpy(&number, CMSG_DATA(header), sizeof number);
        fd.reset(number);
    }
    if (size == sizeof content) take_note(content, std::move(fd));
    return true;
}

void attachment_socket::take_note(const note& what, unique_fd fd) {
    switch (what.what) {
        case kind::descriptor:
            if (fd) arrived_.push_back({what.id, what.number, std::move(fd)});
            break;
        case kind::segment: {
            if (!fd || find(what.id)) break;
            const auto memory = wire::segment::open(fd.release());
            known_.push_back({what.id, memory, memory});
            break;
        }
        case kind::forget: std::erase_if(known_, [&](const known& each) { return each.id == what.id; }); break;
    }
}

attachment_socket::known* attachment_socket::find(std::uint64_t id) noexcept {
    const auto at = std::find_if(known_.begin(), known_.end(), [id](const known& each) { return each.id == id; });
    return at == known_.end() ? nullptr : &*at;
}

int attachment_socket::take_descriptor(std::uint32_t number) {
    receive();
    for (auto at = arrived_.begin(); at != arrived_.end(); ++at) {
        if (at->frame != reading_ || at->number != number) continue;
        const int fd = at->fd.release();
        arrived_.erase(at);
        return fd;
    }
    throw wire::decode_error(fmt::format("descriptor {} of a message did not come with it", number));
}

std::shared_ptr<wire::segment> attachment_socket::take_segment(std::uint64_t known_by) {
    const known* entry = find(known_by);
    if (!entry) {
        receive();
        entry = find(known_by);
    }
    auto memory = entry ? entry->memory.lock() : nullptr;
    if (!memory) throw wire::decode_error(fmt::format("shared bytes {:#x} did not come with their message", known_by));
    return memory;
}

void attachment_socket::end_frame(std::uint64_t frame_id) {
    receive();
    const auto last = std::find_if(arrived_.rbegin(), arrived_.rend(),
                                   [frame_id](const arrived& each) { return each.frame == frame_id; });
    arrived_.erase(arrived_.begin(), last.base());
    if (side_ == side::worker) return;
    for (known& each : known_) each.kept.reset();
}

}  // namespace braid::process_detail
