#include "fuzz/targets.hpp"

#include "fuzz/beside_call.hpp"
#include "fuzz/beside_input.hpp"
#include "fuzz/beside_types.hpp"
#include "fuzz/expect.hpp"
#include "process/descriptor_room.hpp"

#include <braid/wire/call.hpp>

#include <limits>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

namespace braid_fuzz {

namespace {

namespace pd = braid::process_detail;
namespace wire = braid::wire;
using braid::descriptor;
using braid::shared_bytes;

sent_descriptors seen(const pd::unique_fd& fd) {
    if (::fcntl(fd.get(), F_GET_SEALS) < 0) return {.kind = sent_kind::pipe_end, .count = 1};
    struct stat status{};
    expect(::fstat(fd.get(), &status) == 0 && status.st_size <= std::numeric_limits<std::uint16_t>::max(),
           "a sample's memory is small");
    return {.kind = sent_kind::sealed_memory, .count = 1, .size = static_cast<std::uint16_t>(status.st_size)};
}

/// What a worker has sent, for a hostile one to send again.
sent_message heard(int parents_end) {
    sent_message message{.descriptors = {}, .bytes = std::vector<std::byte>(255)};
    iovec content{.iov_base = message.bytes.data(), .iov_len = message.bytes.size()};
    msghdr in{};
    in.msg_iov = &content;
    in.msg_iovlen = 1;
    pd::descriptor_room beside;
    beside.receive_along(in);
    const ssize_t size = ::recvmsg(parents_end, &in, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    expect(size > 0, "a sample's message arrives");
    message.bytes.resize(static_cast<std::size_t>(size));
    for (const pd::unique_fd& each : pd::descriptor_room::taken_from(in)) message.descriptors.push_back(seen(each));
    return message;
}

/// What `write` makes a worker say that was lent so much.
template <class R, class Write>
beside_input reply_of(std::uint8_t way, Write write) {
    pd::socket_ends ends = pd::make_attachment_socket();
    const pd::unique_fd parents_end = pd::copy_of(ends.parent.get());
    call_under_way call(std::move(ends), way_to_lend(way));
    pd::worker_attachments worker(std::move(call.worker));
    worker.read_frame(own_frame, true);
    worker.write_frame(own_frame);
    worker.write_result_into(call.result_room);
    wire::buffer out;
    wire::writer reply(out);
    reply.set_beside(&worker);
    write(reply, worker);
    beside_input said{.expected = index_of<R>,
                      .lent = way,
                      .room = 0,
                      .promised = worker.has_something(),
                      .messages = {},
                      .reply = {out.bytes().begin(), out.bytes().end()}};
    if (said.promised) {
        expect(worker.send_frame(pd::when_full::give_up), "there is room for a sample's message");
        said.messages.push_back(heard(parents_end.get()));
    }
    return said;
}

template <class R>
beside_input reply_of_value(const R& value, std::uint8_t way = 1) {
    return reply_of<R>(way, [&](wire::writer& reply, auto&) {
        reply.scalar(wire::outcome::value);
        wire::encode(reply, value);
    });
}

/// A worker gives what it was sent.
beside_input reply_of_argument(std::uint64_t known_by) {
    return reply_of<shared_bytes>(2, [&](wire::writer& reply, pd::worker_attachments& worker) {
        wire::reader argument(std::as_bytes(std::span(&known_by, 1)));
        argument.set_beside(&worker);
        reply.scalar(wire::outcome::value);
        wire::encode(reply, wire::decode<shared_bytes>(argument));
    });
}

/// As wire::writer does with what is large.
void put_lent(wire::writer& reply, pd::worker_attachments& worker, std::size_t number, std::size_t size_of_each) {
    const auto room = worker.lend(number * size_of_each);
    expect(room.has_value(), "a sample's elements are lent memory");
    reply.scalar(number | wire::lent_mark);
    reply.scalar(room->known_by);
    reply.scalar(room->offset);
}

beside_input reply_of_lent_numbers() {
    return reply_of<std::vector<double>>(3, [](wire::writer& reply, pd::worker_attachments& worker) {
        reply.scalar(wire::outcome::value);
        put_lent(reply, worker, 600, sizeof(double));
    });
}

beside_input reply_of_lent_texts() {
    return reply_of<std::vector<std::string>>(2, [](wire::writer& reply, pd::worker_attachments& worker) {
        reply.scalar(wire::outcome::value);
        reply.count(4);
        for (int i = 0; i != 4; ++i) put_lent(reply, worker, 2'496, 1);
    });
}

beside_input reply_of_failure() {
    return reply_of<std::string>(1, [](wire::writer& reply, auto&) {
        wire::encode_failure(reply, wire::outcome::exception, std::make_exception_ptr(std::out_of_range("index")));
    });
}

descriptor end_of_pipe() { return descriptor(pd::make_pipe().read.release()); }

std::vector<descriptor> two_ends() {
    std::vector<descriptor> ends;
    ends.push_back(end_of_pipe());
    ends.push_back(end_of_pipe());
    return ends;
}

}  // namespace

std::vector<std::vector<std::byte>> sample_replies_with_more_beside() {
    constexpr std::uint8_t megabyte = 5;
    constexpr std::uint8_t two_megabytes = 6;
    static_assert(way_to_lend(megabyte).for_result == wire::worth_lending);
    static_assert(way_to_lend(two_megabytes).for_result > 2 * wire::worth_lending);
    const shared_bytes bytes(5'000);
    std::vector<beside_input> said{
        reply_of_value(two_ends()),
        reply_of_value(end_of_pipe()),
        reply_of_value(bytes),
        reply_of_value(std::pair(bytes, std::vector<char>{'a', 'b'})),
        reply_of_value(std::vector{bytes, shared_bytes(), shared_bytes(100), bytes}),
        reply_of_argument(shared_argument),
        reply_of_argument(dropped_argument),
        reply_of_lent_numbers(),
        reply_of_lent_texts(),
        reply_of_value(std::vector<double>(wire::worth_lending / sizeof(double)), megabyte),
        reply_of_value(std::vector(2, std::string(wire::worth_lending, 'x')), two_megabytes),
        reply_of_value(std::string("small")),
        reply_of_failure(),
    };
    said.push_back(said.front());
    said.back().room = 2;  // for one of the two
    std::vector<std::vector<std::byte>> samples;
    for (const beside_input& each : said) samples.push_back(each.written());
    return samples;
}

}  // namespace braid_fuzz
