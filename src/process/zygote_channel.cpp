#include "process/zygote_channel.hpp"

#include "process/descriptor_room.hpp"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <iterator>
#include <new>
#include <utility>

#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

namespace braid::process_detail {

namespace {

enum : std::uint64_t { asked = 1, taken = 2, taken_back = 3 };

constexpr std::uint64_t pack(std::uint32_t number, std::uint64_t state) noexcept {
    return std::uint64_t{number} << 2 | state;
}

constexpr std::size_t page_size = 4096;
static_assert(fork_slots * sizeof(fork_slot) <= page_size);

bool exchange(fork_slot& at, std::uint64_t from, std::uint64_t to) noexcept {
    return at.word.compare_exchange_strong(from, to, std::memory_order_acq_rel);
}

/// Bytes; 0 at the end; nothing if there are none now.
template <class Receive>
std::optional<std::size_t> received(Receive receive) {
    for (;;) {
        const ssize_t size = receive();
        if (size >= 0) return static_cast<std::size_t>(size);
        if (errno == EAGAIN) return std::nullopt;
        // A peer that died with messages unread is told of once; what it had sent is still there.
        if (errno != EINTR && errno != ECONNRESET) throw_errno("receive a message of or from a zygote");
    }
}

}  // namespace

zygote_page::zygote_page() : fd_(make_sealed_memory("braid-zygote", page_size)), mapping_(fd_.get(), page_size) {
    for (std::uint32_t slot = 0; slot != fork_slots; ++slot) {
        ::new (mapping_.data() + slot * sizeof(fork_slot)) fork_slot{};
    }
}

zygote_page::zygote_page(unique_fd fd) : mapping_(fd.get(), page_size) {
    if (::madvise(mapping_.data(), page_size, MADV_DONTFORK) != 0)
        throw_errno("keep a zygote's page from its children");
}

fork_slot& zygote_page::at(std::uint32_t slot) const noexcept {
    assert(slot < fork_slots);
    return *std::launder(reinterpret_cast<fork_slot*>(mapping_.data() + slot * sizeof(fork_slot)));
}

void zygote_page::ask(std::uint32_t slot, std::uint32_t number) noexcept {
    at(slot).pid = 0;
    at(slot).word.store(pack(number, asked), std::memory_order_release);
}

bool zygote_page::take_back(std::uint32_t slot, std::uint32_t number) noexcept {
    return exchange(at(slot), pack(number, asked), pack(number, taken_back));
}

pid_t zygote_page::pid(std::uint32_t slot) const noexcept {
    return static_cast<const volatile pid_t&>(at(slot).pid);  // the kernel writes it
}

bool zygote_page::take(std::uint32_t slot, std::uint32_t number) noexcept {
    return slot < fork_slots && exchange(at(slot), pack(number, asked), pack(number, taken));
}

pid_t* zygote_page::place_for_pid(std::uint32_t slot) noexcept { return &at(slot).pid; }

pipe_ends make_zygote_socket() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) throw_errno("make a pair of sockets");
    return {unique_fd(ends[0]), unique_fd(ends[1])};
}

bool send_to(int socket, std::span<const std::byte> bytes, std::span<const unique_fd> descriptors, patience wait) {
    iovec data{.iov_base = const_cast<std::byte*>(bytes.data()), .iov_len = bytes.size()};
    msghdr out{};
    out.msg_iov = &data;
    out.msg_iovlen = 1;
    std::vector<int> numbers;
    std::ranges::transform(descriptors, std::back_inserter(numbers), &unique_fd::get);
    descriptor_room beside;
    beside.send_along(out, numbers);
    const int flags = MSG_NOSIGNAL | (wait == patience::none ? MSG_DONTWAIT : 0);
    while (::sendmsg(socket, &out, flags) < 0) {
        if (errno == EAGAIN || errno == ETOOMANYREFS) return false;
        if (errno == EPIPE || errno == ECONNRESET) return true;
        if (errno != EINTR) throw_errno("send a message to or from a zygote");
    }
    return true;
}

std::optional<zygote_message> receive_from(int socket, patience wait) {
    const int flags = wait == patience::none ? MSG_DONTWAIT : 0;
    const auto size = received([&] { return ::recv(socket, nullptr, 0, flags | MSG_PEEK | MSG_TRUNC); });
    if (!size) return std::nullopt;

    zygote_message message;
    message.bytes.resize(*size);
    if (*size == 0) return message;
    iovec data{.iov_base = message.bytes.data(), .iov_len = message.bytes.size()};
    msghdr in{};
    in.msg_iov = &data;
    in.msg_iovlen = 1;
    descriptor_room beside;
    beside.receive_along(in);
    if (!received([&] { return ::recvmsg(socket, &in, MSG_DONTWAIT | MSG_CMSG_CLOEXEC); })) return std::nullopt;
    message.descriptors = descriptor_room::taken_from(in);
    return message;
}

}  // namespace braid::process_detail
