#include "process/call_board.hpp"

#include "process/board_access.hpp"
#include "process/fault_points.hpp"

#include <braid/wire/frame.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace braid::process_detail {

call_board::call_board(const board_options& options)
    : options_(options),
      layout_(board_layout::of(options)),
      fd_(make_sealed_memory("braid-call-board", layout_.total)),
      mapping_(fd_.get(), layout_.total) {
    auto* const created = ::new (mapping_.data()) board_header{};
    created->magic = board_magic;
    created->version = board_version;
    created->slot_count = options_.slot_count;
    created->outgoing_capacity = options_.outgoing_capacity;
    created->incoming_capacity = options_.incoming_capacity;
    created->spin = options_.spin.count();
    created->memory_limit = options_.memory_limit;
    created->message_limit = options_.message_limit;
    created->output_is_marked = options_.output_is_marked ? 1 : 0;
    created->replies.reader_sleeps = 1;  // until it looks out
    created->part_at = ~std::uint64_t{0};
    created->item_limit = ~std::uint64_t{0};
    for (std::uint32_t i = 0; i < options_.slot_count; ++i) {
        ::new (mapping_.data() + layout_.slots + i * sizeof(call_slot)) call_slot{};
    }
}

board_header& call_board::header() const noexcept { return *header_of(mapping_); }

call_slot& call_board::slot_at(std::uint32_t slot) const {
    if (slot >= options_.slot_count) {
        throw usage_error(fmt::format("slot {} is not on a call board of {}", slot, options_.slot_count));
    }
    return slots_of(mapping_, layout_)[slot];
}

ring_writer call_board::requests() const noexcept {
    return {std::span(mapping_.data() + layout_.incoming, options_.incoming_capacity), header().requests};
}

ring_reader call_board::replies() const noexcept {
    return {std::span(mapping_.data() + layout_.outgoing, options_.outgoing_capacity), header().replies};
}

void call_board::expects_answer(std::uint32_t slot) const noexcept {
    __builtin_prefetch(&header().delivered_at);
    fetch_for_writing(&slots_of(mapping_, layout_)[slot]);
}

void call_board::queue(std::uint32_t slot, call_id id) {
    call_slot& at = slot_at(slot);
    at.stop.store(0, std::memory_order_relaxed);
    at.word.store(pack(slot_state::queued, id), std::memory_order_release);
}

bool call_board::try_revoke(std::uint32_t slot, call_id id) {
    std::uint32_t expected = pack(slot_state::queued, id);
    return slot_at(slot).word.compare_exchange_strong(expected, pack(slot_state::revoked, id),
                                                      std::memory_order_acq_rel);
}

void call_board::free(std::uint32_t slot) {
    slot_at(slot).word.store(pack(slot_state::free, 0), std::memory_order_release);
}

std::optional<slot_state> call_board::state(std::uint32_t slot, call_id id) const {
    const std::uint32_t word = slot_at(slot).word.load(std::memory_order_acquire);
    for (const auto candidate : {slot_state::queued, slot_state::running, slot_state::done, slot_state::revoked}) {
        if (word == pack(candidate, id)) return candidate;
    }
    return std::nullopt;
}

void call_board::request_stop(std::uint32_t slot, call_id id) {
    slot_at(slot).stop.store(pack(slot_state::queued, id), std::memory_order_release);
}

std::optional<call_board::running_call> call_board::running() const noexcept {
    const std::uint64_t current = header().current.load(std::memory_order_acquire);
    const std::uint64_t slot = (current >> 32) - 1;  // 0 becomes a number that is on no board
    if (slot >= options_.slot_count) return std::nullopt;
    const running_call call{static_cast<std::uint32_t>(slot), static_cast<call_id>(current) & call_id_mask};
    // The worker announces a call before it claims it: only the slot says whether it got that far.
    if (state(call.slot, call.id) != slot_state::running) return std::nullopt;
    return call;
}

std::chrono::steady_clock::time_point call_board::running_since() const noexcept {
    const std::chrono::nanoseconds since(header().current_since.load(std::memory_order_relaxed));
    return std::clamp(std::chrono::steady_clock::time_point(since), made_, std::chrono::steady_clock::now());
}

std::uint32_t call_board::items_done() const noexcept {
    return static_cast<std::uint32_t>(header().items_done.load(std::memory_order_acquire) >> 32);
}

// The worker says how far it is and then asks for the limit; we set the limit and then ask how far it is. With a full
// barrier in each of the two at least one sees what the other did. The worker's barrier is made here, on its processor.
std::optional<std::uint32_t> call_board::cut_short(std::uint32_t slot, call_id id) noexcept {
    if (header().fenced.load(std::memory_order_relaxed) == 0) return std::nullopt;
    set_item_limit(id, items_done() + 1);
    if (::syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0) != 0) return std::nullopt;
    pass(step::splits_batch);
    const std::uint32_t first_left = items_done() + 1;
    if (state(slot, id) != slot_state::running) return std::nullopt;  // what was said is about another batch
    return first_left;
}

void call_board::set_item_limit(call_id id, std::uint32_t item) noexcept {
    header().item_limit.store(std::uint64_t{id & call_id_mask} << 32 | item, std::memory_order_seq_cst);
}

// There is one limit, and behind a batch that has ended the next may run, with a limit of its own.
void call_board::stop_batch(std::uint32_t slot, call_id id) noexcept {
    if (state(slot, id) == slot_state::running) set_item_limit(id, 0);
}

call_board::open_part call_board::unfinished_part() const {
    const std::uint64_t at = header().part_at.load(std::memory_order_acquire);
    if (header().replies.committed.load(std::memory_order_acquire) != at) return {};
    const std::uint64_t done = header().items_done.load(std::memory_order_acquire);
    const std::uint64_t size =
        sizeof(wire::frame_header) + sizeof(wire::part_header) + static_cast<std::uint32_t>(done);
    if (size > options_.outgoing_capacity) {
        throw board_corrupted(fmt::format("a part of {} bytes does not fit into a call board", size));
    }
    open_part part{copy_outgoing(at, static_cast<std::size_t>(size)), static_cast<std::uint32_t>(done >> 32)};
    // A read that nothing before it can be moved behind: whatever was copied was there when the part was still open.
    if (header().replies.committed.fetch_add(0, std::memory_order_acq_rel) != at) return {};
    return part;
}

std::uint64_t call_board::heartbeats() const noexcept { return header().heartbeats.load(std::memory_order_relaxed); }

void call_board::sends_from(std::chrono::steady_clock::time_point now) noexcept {
    header().requests.written_at.store(nanoseconds_of(now), std::memory_order_relaxed);
}

std::chrono::nanoseconds call_board::travelled(std::chrono::steady_clock::time_point now) const noexcept {
    // Whatever the worker has written there: neither is negative, nor too long to be added.
    const std::int64_t until = nanoseconds_of(now);
    const std::int64_t finished = header().delivered_at.load(std::memory_order_relaxed);
    const std::int64_t before = header().travelled.load(std::memory_order_relaxed);
    const auto plausible = [until](std::int64_t time) { return time > 0 && time <= until; };
    return std::chrono::nanoseconds((plausible(finished) ? until - finished : 0) + (plausible(before) ? before : 0));
}

time_histogram call_board::ran() const noexcept {
    time_histogram copy;
    for (std::size_t i = 0; i != time_histogram::bucket_count; ++i) {
        copy.counts()[i] = header().ran[i].load(std::memory_order_relaxed);
    }
    return copy;
}

void call_board::tell_whether_to_spin(bool may) noexcept {
    header().may_spin.store(may ? 1 : 0, std::memory_order_relaxed);
}

bool call_board::worn_out() const noexcept { return header().worn_out.load(std::memory_order_relaxed) != 0; }

void call_board::begin_reading_output(std::size_t stream) noexcept {
    header().output_read[stream].fetch_or(1, std::memory_order_seq_cst);
}

void call_board::end_reading_output(std::size_t stream, std::uint64_t bytes) noexcept {
    header().output_read[stream].store(bytes << 1, std::memory_order_seq_cst);
}

std::vector<std::byte> call_board::recover(std::uint64_t received) const {
    const std::uint64_t committed = header().replies.committed.load(std::memory_order_acquire);
    const std::uint64_t capacity = options_.outgoing_capacity;
    if (committed < received || committed - received > capacity) {
        throw board_corrupted(
            fmt::format("a worker's reply stream cannot have {} bytes after {} were received: "
                        "its call board was overwritten",
                        committed, received));
    }
    return copy_outgoing(received, static_cast<std::size_t>(committed - received));
}

std::vector<std::byte> call_board::copy_outgoing(std::uint64_t from, std::size_t size) const {
    std::vector<std::byte> bytes(size);
    const std::size_t capacity = options_.outgoing_capacity;
    const std::size_t start = static_cast<std::size_t>(from % capacity);
    const std::size_t first = std::min(size, capacity - start);
    const std::byte* const ring = mapping_.data() + layout_.outgoing;
    std::copy_n(ring + start, first, bytes.begin());
    std::copy_n(ring, size - first, bytes.begin() + static_cast<std::ptrdiff_t>(first));
    return bytes;
}

std::string call_board::crash_report() const {
    std::string copy(crash_report_size, '\0');
    std::memcpy(copy.data(), mapping_.data() + layout_.crash_report, crash_report_size);
    if (const auto end = copy.find('\0'); end != std::string::npos) copy.resize(end);
    return copy;
}

}  // namespace braid::process_detail
