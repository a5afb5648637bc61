#include "process/part_writer.hpp"

#include "process/message_limit.hpp"
#include "process/services.hpp"

#include <braid/wire/frame.hpp>

#include <algorithm>
#include <cstring>

namespace braid::process_detail {

namespace {

// So that what is written and what the pipe still has to take both find room in the ring.
constexpr std::size_t parts_in_ring = 4;
constexpr std::size_t headers = sizeof(wire::frame_header) + sizeof(wire::part_header);

wire::frame_header header_of(std::uint64_t id, wire::part_kind kind, std::size_t body) {
    return {.length = body,
            .id = id,
            .kind = static_cast<std::uint32_t>(frame_kind::part),
            .flags = static_cast<std::uint32_t>(kind)};
}

}  // namespace

std::span<std::byte> part_writer::open_part(wire::part_kind kind, std::uint32_t first, std::size_t least) {
    outgoing_buffer& ring = board_.outgoing();
    const std::size_t size = std::max(headers + least, ring.capacity() / parts_in_ring);
    if (size > ring.capacity()) return {};
    if (ring.free_space() < size) out_.make_room(size);
    room_ = ring.reserve(size);
    first_ = first;
    const wire::frame_header header = header_of(frame_id_, kind, 0);
    const wire::part_header part{.first = first, .count = 0};
    std::memcpy(room_.data(), &header, sizeof header);
    std::memcpy(room_.data() + sizeof header, &part, sizeof part);
    board_.part_begins(progress_, first);
    return room_.subspan(headers);
}

void part_writer::close_part(std::uint32_t end, std::size_t bytes) {
    if (end == first_) return;
    const std::uint64_t length = sizeof(wire::part_header) + bytes;
    const std::uint32_t count = end - first_;
    std::memcpy(room_.data() + offsetof(wire::frame_header, length), &length, sizeof length);
    std::memcpy(room_.data() + sizeof(wire::frame_header) + offsetof(wire::part_header, count), &count, sizeof count);
    board_.outgoing().commit(headers + bytes);
    progress_.reached(end, 0);
}

wire::attachments_out& part_writer::beside_next() {
    beside_.begin_item(frame_id_);
    return beside_;
}

void part_writer::put_large(std::uint32_t item, std::span<const std::byte> reply) {
    if (!is_too_large(reply.size())) return put_alone(item, reply, 0);
    wire::buffer out;
    wire::writer refusal(out);
    encode_too_large(refusal, reply.size(), board_.message_limit());
    put_alone(item, out.bytes(), 0);
}

void part_writer::put_with_beside(std::uint32_t item, wire::writer& reply) {
    if (is_too_large(reply.position())) {
        beside_.drop_frame();
        return put_large(item, reply.out().bytes());
    }
    const bool sent = out_.send_beside(reply);
    put_alone(item, reply.out().bytes(), sent ? has_attachments : 0);
}

void part_writer::put_alone(std::uint32_t item, std::span<const std::byte> reply, std::uint32_t flags) {
    const std::uint64_t size = reply.size();
    const wire::part_header part{.first = item, .count = 1};
    wire::frame_header header =
        header_of(frame_id_, wire::part_kind::replies, sizeof part + sizeof size + reply.size());
    header.flags |= flags;
    out_.append(std::as_bytes(std::span(&header, 1)));
    out_.append(std::as_bytes(std::span(&part, 1)));
    out_.append(std::as_bytes(std::span(&size, 1)));
    out_.append(reply);
    progress_.reached(item + 1, 0);
}

}  // namespace braid::process_detail
