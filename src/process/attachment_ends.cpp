#include "process/attachment_ends.hpp"

#include "process/board_layout.hpp"
#include "process/fault_points.hpp"
#include "process/services.hpp"

#include <braid/wire/call.hpp>
#include <braid/wire/reader.hpp>
#include <braid/wire/writer.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <system_error>
#include <tuple>
#include <utility>

namespace braid::process_detail {

namespace {

// Memory that comes beside a frame is known by its place there; the parent's numbers stay below.
constexpr std::uint64_t came_along = std::uint64_t{1} << 63;

// Enough to keep a worker busy, and far from what the socket holds.
constexpr std::size_t most_messages_ahead = 16;
// What is on its way counts against the user's limit of descriptors, 1,024 as a rule, which all workers share.
constexpr std::size_t most_descriptors_ahead = 64;

[[noreturn]] void throw_no_room() {
    throw std::system_error(EMFILE, std::generic_category(), "receive a descriptor that came with a message");
}

}  // namespace

// --- both

std::uint32_t attachment_end::add(attachment item) {
    if (out_.items.size() == most_attachments) refuse_too_many();
    out_.items.push_back(std::move(item));
    return static_cast<std::uint32_t>(out_.items.size() - 1);
}

std::uint32_t attachment_end::add_descriptor(int fd) {
    return add({.segment_id = 0, .fd = copy_of(fd), .memory = nullptr});
}

void attachment_end::receive(std::uint64_t frame) {
    auto message = receive_message(socket_.get());
    if (!message) throw wire::decode_error(fmt::format("nothing came beside the message {:#x}", frame));
    if (message->frame != frame) {
        throw wire::decode_error(
            fmt::format("what came beside the message {:#x} belongs to {:#x}", frame, message->frame));
    }
    in_ = std::move(*message);
}

int attachment_end::take_descriptor(std::uint32_t number) {
    if (number >= in_.items.size() || in_.items[number].segment_id != 0) {
        throw wire::decode_error(fmt::format("descriptor {} did not come with its message", number));
    }
    attachment& item = in_.items[number];
    if (item.was_taken) throw wire::decode_error(fmt::format("descriptor {} is in a message twice", number));
    if (!item.fd) throw_no_room();
    item.was_taken = true;
    return item.fd.release();
}

const std::shared_ptr<wire::segment>& attachment_end::memory_of(attachment& item, segment_opener open) {
    if (!item.memory) {
        if (!item.fd) throw_no_room();
        item.memory = open(item.fd.release());
    }
    return item.memory;
}

// --- the parent's

std::uint64_t parent_attachments::add_segment(const std::shared_ptr<wire::segment>& memory) {
    for (const attachment& each : out_.items) {
        if (each.memory == memory) return each.segment_id;
    }
    std::uint64_t id = 0;
    for (const known& each : known_) {
        if (each.memory.lock() != memory) continue;
        if (!each.lost) return each.id;
        id = each.id;
    }
    if (id == 0) id = ++last_id_;
    add({.segment_id = id, .fd = {}, .memory = memory});
    return id;
}

void parent_attachments::drop_frame() noexcept {
    drop_items();
    lent_.take_back(out_.frame);
}

std::optional<wire::lent_room> parent_attachments::lend(std::size_t bytes) noexcept try {
    if (!lends_ || out_.items.size() == most_attachments) return std::nullopt;
    const auto memory = lent_.lend(out_.frame, bytes);
    if (!memory) return std::nullopt;
    const std::uint64_t id = add_segment(memory);
    lent_bytes_ += bytes;
    return wire::lent_room{memory->bytes().subspan(wire::lent_offset, bytes), id, wire::lent_offset};
} catch (const std::exception&) {
    return std::nullopt;
}

// The worker reads all arguments before it writes the result.
std::uint64_t parent_attachments::lend_for_result(std::size_t bytes) noexcept try {
    if (!lends_) return 0;
    auto memory = lent_.lent_to(out_.frame, bytes);
    if (!memory && out_.items.size() != most_attachments) memory = lent_.lend(out_.frame, bytes);
    if (!memory) return 0;
    const std::uint64_t id = add_segment(memory);
    lent_.may_hold_result(*memory);
    return id;
} catch (const std::exception&) {
    return 0;
}

bool parent_attachments::send_something() {
    pass(step::sends_beside);
    known_.reserve(known_.size() + out_.items.size());  // once it is sent nothing fails any more
    unread_.push_back({.frame = out_.frame, .descriptors = out_.items.size()});
    bool sent = false;
    try {
        sent = send(when_full::give_up);
    } catch (...) {
        unread_.pop_back();
        throw;
    }
    if (!sent) {
        unread_.pop_back();
        if (out_.items.empty()) return false;
        throw wire::encode_error("descriptors cannot be sent: the worker has too many on their way already");
    }
    unread_descriptors_ += out_.items.size();
    for (const attachment& each : out_.items) {
        if (each.memory) note_sent(each);
    }
    out_.items.clear();
    out_.forgotten.clear();
    return true;
}

void parent_attachments::note_sent(const attachment& item) {
    const auto at = std::ranges::find(known_, item.segment_id, &known::id);
    if (at == known_.end()) {
        known_.push_back({.id = item.segment_id, .memory = item.memory, .sent_beside = out_.frame});
    } else {
        at->sent_beside = out_.frame;
        at->lost = false;
    }
}

bool parent_attachments::far_ahead() const noexcept {
    return unread_.size() >= most_messages_ahead || unread_descriptors_ >= most_descriptors_ahead;
}

void parent_attachments::was_read(std::uint64_t frame) noexcept {
    // Numbers of calls begin again some time.
    const auto is_later = [last = call_of(frame)](std::uint64_t other) {
        const std::uint32_t ahead = (call_of(other) - last) & call_id_mask;
        return ahead != 0 && ahead < call_id_mask / 2;
    };
    while (!unread_.empty() && !is_later(unread_.front().frame)) {
        unread_descriptors_ -= unread_.front().descriptors;
        unread_.pop_front();
    }
}

void parent_attachments::may_be_lost(std::uint64_t frame) noexcept {
    for (known& each : known_) {
        const auto memory = each.memory.lock();
        each.lost |= each.sent_beside == frame || (memory && lent_.is_lent_to(frame, *memory));
    }
}

void parent_attachments::read_frame(std::uint64_t frame) {
    pass(step::takes_beside);
    receive(frame);
}

void parent_attachments::look_for_dropped() {
    std::erase_if(known_, [this](const known& each) {
        if (!each.memory.expired() || out_.forgotten.size() == most_forgotten) return false;
        out_.forgotten.push_back(each.id);
        return true;
    });
}

std::shared_ptr<wire::segment> parent_attachments::take_segment(std::uint64_t known_by) {
    if (known_by & came_along) {
        const std::uint64_t number = known_by & ~came_along;
        if (number >= in_.items.size() || in_.items[number].segment_id != known_by) {
            throw wire::decode_error(fmt::format("shared bytes {} did not come with their message", number));
        }
        return memory_of(in_.items[number], wire::segment::open);
    }
    if (known_by == 0 || known_by > last_id_) {
        throw wire::decode_error(fmt::format("shared bytes {} are no argument of the call", known_by));
    }
    // An argument is there until its call has ended, unless its own encoding made it for the moment.
    const auto at = std::ranges::find(known_, known_by, &known::id);
    auto memory = at == known_.end() ? nullptr : at->memory.lock();
    if (!memory) {
        throw wire::result_error("the result is shared bytes that nobody here has any more", {.pid = worker_pid_});
    }
    if (lent_.has(*memory)) throw wire::decode_error("shared bytes that were only lent");
    return memory;
}

void parent_attachments::begin_reading(std::uint64_t frame) noexcept {
    reading_ = frame;
    lent_bytes_unread_ = lent_.bytes_lent_to(frame);
}

std::shared_ptr<wire::segment> parent_attachments::take_lent(std::uint64_t known_by, std::size_t bytes) {
    const auto at = std::ranges::find(known_, known_by, &known::id);
    auto memory = at == known_.end() ? nullptr : at->memory.lock();
    if (!memory || !lent_.is_lent_to(reading_, *memory)) {
        throw wire::decode_error(fmt::format("memory {} was not lent for this call", known_by));
    }
    if (bytes > lent_bytes_unread_) {
        throw wire::decode_error(
            fmt::format("{} bytes in memory of which only {} are left", bytes, lent_bytes_unread_));
    }
    lent_bytes_unread_ -= bytes;
    return memory;
}

// --- the worker's

void worker_attachments::read_frame(std::uint64_t frame, bool something_came) {
    ++calls_begun_;
    if (!something_came) return;
    receive(frame);
    for (const std::uint64_t id : in_.forgotten) {
        std::erase_if(held_, [id](const held& each) { return each.item.segment_id == id; });
    }
    for (attachment& item : in_.items) {
        if (item.segment_id != 0) hold(std::move(item));
    }
}

void worker_attachments::map_what_came() {
    for (held& each : held_) {
        if (each.item.fd) std::ignore = memory_of(each.item, wire::segment::open_trusted);
    }
}

void worker_attachments::begin_item(std::uint64_t frame) noexcept {
    ++calls_begun_;
    write_frame(frame);
    write_result_into(0);
}

void worker_attachments::drop_frame() noexcept {
    drop_items();
    result_room_used_ = wire::lent_offset;
}

void worker_attachments::write_result_into(std::uint64_t known_by) noexcept {
    result_room_ = known_by;
    result_room_used_ = wire::lent_offset;
}

std::optional<wire::lent_room> worker_attachments::lend(std::size_t bytes) noexcept try {
    held* const entry = result_room_ == 0 ? nullptr : find(result_room_);
    if (!entry) return std::nullopt;
    const auto all = memory_of(entry->item, wire::segment::open_trusted)->bytes();
    if (result_room_used_ > all.size() || bytes > all.size() - result_room_used_) return std::nullopt;
    const wire::lent_room room{all.subspan(result_room_used_, bytes), result_room_, result_room_used_};
    result_room_used_ += (bytes + wire::lent_offset - 1) / wire::lent_offset * wire::lent_offset;
    lent_bytes_ += bytes;
    return room;
} catch (const std::exception&) {  // it cannot be mapped here
    return std::nullopt;
}

worker_attachments::held* worker_attachments::find(std::uint64_t id) noexcept {
    const auto at = std::ranges::find(held_, id, [](const held& each) { return each.item.segment_id; });
    return at == held_.end() ? nullptr : &*at;
}

// It may come a second time, because the first time it may not have arrived.
void worker_attachments::hold(attachment item) {
    held* const before = find(item.segment_id);
    if (!before) {
        held_.push_back({.item = std::move(item)});
    } else if (!before->item.memory && !before->item.fd) {
        before->item = std::move(item);
    }
}

std::shared_ptr<wire::segment> worker_attachments::take_segment(std::uint64_t known_by) {
    held* const entry = find(known_by);
    if (!entry) throw wire::decode_error(fmt::format("shared bytes {} did not come with their message", known_by));
    entry->taken_in = calls_begun_;
    return memory_of(entry->item, wire::segment::open_trusted);
}

std::uint64_t worker_attachments::add_segment(const std::shared_ptr<wire::segment>& memory) {
    for (const held& each : held_) {
        if (each.item.memory == memory && each.taken_in == calls_begun_) return each.item.segment_id;
    }
    for (const attachment& each : out_.items) {
        if (each.memory == memory) return each.segment_id;
    }
    const std::uint64_t id = came_along | out_.items.size();
    add({.segment_id = id, .fd = {}, .memory = memory});
    return id;
}

bool worker_attachments::send_frame(when_full then) {
    if (!send(then)) return false;
    pass(step::gives_beside);
    out_.items.clear();
    return true;
}

}  // namespace braid::process_detail
