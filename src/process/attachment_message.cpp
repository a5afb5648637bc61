#include "process/attachment_message.hpp"

#include <braid/wire/reader.hpp>
#include <braid/wire/writer.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <utility>

#include <sys/socket.h>

namespace braid::process_detail {

namespace {

// As it lies in the socket: this, and the ids of the items and of what is forgotten.
struct message_header {
    std::uint64_t frame;
    std::uint32_t items;
    std::uint32_t forgotten;
};
struct message_body {
    message_header header{};
    std::array<std::uint64_t, most_attachments + most_forgotten> ids;
};

// A worker that is ahead of its parent by so much waits for it. What is on its way counts against the user's limit of
// descriptors, which all processes of that user share.
constexpr int room_for_results = 8 * 1024;

std::size_t lay_out(const attachment_message& message, message_body& body) {
    body.header = {message.frame, static_cast<std::uint32_t>(message.items.size()),
                   static_cast<std::uint32_t>(message.forgotten.size())};
    std::size_t count = 0;
    for (const attachment& item : message.items) body.ids[count++] = item.segment_id;
    for (const std::uint64_t id : message.forgotten) body.ids[count++] = id;
    return sizeof body.header + count * sizeof(std::uint64_t);
}

attachment_message take_apart(const message_body& body, std::size_t size, std::vector<unique_fd> fds, bool cut) {
    const message_header& header = body.header;
    const auto count = std::uint64_t{header.items} + header.forgotten;
    // The kernel says that it cut the descriptors where it found no room for more of them in this process.
    const bool sound = size >= sizeof header && size == sizeof header + count * sizeof(std::uint64_t) &&
                       (cut ? fds.size() < header.items : fds.size() == header.items);
    if (!sound) throw wire::decode_error("what came beside a message is not what it says");
    attachment_message message{.frame = header.frame, .items = {}, .forgotten = {}};
    fds.resize(header.items);
    const auto ids = std::span(body.ids).first(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < header.items; ++i) message.items.push_back({ids[i], std::move(fds[i]), nullptr});
    const auto forgotten = ids.subspan(header.items);
    message.forgotten.assign(forgotten.begin(), forgotten.end());
    return message;
}

}  // namespace

void refuse_too_many() {
    throw wire::encode_error(fmt::format(
        "a call cannot take more than {} descriptors along, those of shared bytes included", most_attachments));
}

socket_ends make_attachment_socket() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) throw_errno("make a pair of sockets");
    socket_ends both{unique_fd(ends[0]), unique_fd(ends[1])};
    if (::setsockopt(both.worker.get(), SOL_SOCKET, SO_SNDBUF, &room_for_results, sizeof room_for_results) != 0) {
        throw_errno("limit what a socket holds");
    }
    return both;
}

bool send_message(int socket, const attachment_message& message, when_full then) {
    message_body body;
    iovec bytes{.iov_base = &body, .iov_len = lay_out(message, body)};
    msghdr out{};
    out.msg_iov = &bytes;
    out.msg_iovlen = 1;
    std::array<int, most_attachments> descriptors;
    std::ranges::transform(message.items, descriptors.begin(), &attachment::descriptor);
    descriptor_room beside;
    beside.send_along(out, std::span(descriptors).first(message.items.size()));
    const int flags = MSG_NOSIGNAL | (then == when_full::give_up ? MSG_DONTWAIT : 0);
    while (::sendmsg(socket, &out, flags) < 0) {
        if (errno == EAGAIN) return false;
        if (errno == EPIPE || errno == ECONNRESET) return true;
        if (errno == ETOOMANYREFS) {
            throw wire::encode_error("descriptors cannot be sent: this user has too many on their way already");
        }
        if (errno != EINTR) throw_errno("send descriptors");
    }
    return true;
}

std::optional<attachment_message> receive_message(int socket) {
    message_body body;
    iovec bytes{.iov_base = &body, .iov_len = sizeof body};
    msghdr in{};
    in.msg_iov = &bytes;
    in.msg_iovlen = 1;
    descriptor_room beside;
    beside.receive_along(in);
    ssize_t size = 0;
    do {
        size = ::recvmsg(socket, &in, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        // A peer that died with messages unread is told of once; what it had sent is still there.
    } while (size < 0 && (errno == EINTR || errno == ECONNRESET));
    if (size < 0 && errno != EAGAIN) throw_errno("receive descriptors");
    if (size < 0) return std::nullopt;
    auto fds = descriptor_room::taken_from(in);  // which an empty message may have too, that looks like the end
    if (size == 0) return std::nullopt;
    if (in.msg_flags & MSG_TRUNC) throw wire::decode_error("what came beside a message is too long");
    return take_apart(body, static_cast<std::size_t>(size), std::move(fds), (in.msg_flags & MSG_CTRUNC) != 0);
}

}  // namespace braid::process_detail
