// The worker's side of the call board.

#include "process/board_access.hpp"
#include "process/call_board.hpp"

#include <fmt/format.h>

#include <utility>

#include <linux/membarrier.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace braid::process_detail {

struct board_client::opened {
    unique_fd fd;
    shared_mapping mapping;
    board_options options;
};

board_client::opened board_client::open(unique_fd fd) {
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0) throw_errno("look at a call board");
    const auto size = static_cast<std::size_t>(status.st_size);
    if (size < sizeof(board_header)) throw board_corrupted(fmt::format("{} bytes are no call board", size));
    shared_mapping mapping(fd.get(), size);
    const board_header& header = *header_of(mapping);
    if (header.magic != board_magic || header.version != board_version) {
        throw board_corrupted(fmt::format("the descriptor holds no call board of version {}", board_version));
    }
    const board_options options{.slot_count = header.slot_count,
                                .outgoing_capacity = header.outgoing_capacity,
                                .incoming_capacity = header.incoming_capacity};
    if (board_layout::of(options).total != size) {
        throw board_corrupted(fmt::format("a call board of {} slots and {} and {} bytes does not take {} bytes",
                                          options.slot_count, options.outgoing_capacity, options.incoming_capacity,
                                          size));
    }
    return {std::move(fd), std::move(mapping), options};
}

board_client::board_client(unique_fd fd) : board_client(open(std::move(fd))) {}

board_client::board_client(opened board)
    : mapping_(std::move(board.mapping)),
      layout_(board_layout::of(board.options)),
      slot_count_(board.options.slot_count),
      outgoing_(board.fd.get(), board.options, header().replies) {
    if (board.options.incoming_capacity != 0) {
        incoming_.emplace(std::span(mapping_.data() + layout_.incoming, board.options.incoming_capacity),
                          header().requests);
    }
    if (heed_fences()) header().fenced.store(1, std::memory_order_relaxed);
}

bool heed_fences() noexcept { return ::syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0) == 0; }

board_header& board_client::header() const noexcept { return *header_of(mapping_); }

call_slot& board_client::slot_at(std::uint32_t slot) const noexcept {
    assert(slot < slot_count_);
    return slots_of(mapping_, layout_)[slot];
}

void board_client::expects_call(std::uint32_t slot) const noexcept {
    fetch_for_writing(&header().current);
    fetch_for_writing(&slot_at(slot));
}

bool board_client::try_start(std::uint32_t slot, call_id id) noexcept {
    header().current.store(pack_current(slot, id), std::memory_order_release);
    std::uint32_t expected = pack(slot_state::queued, id);
    return slot_at(slot).word.compare_exchange_strong(expected, pack(slot_state::running, id),
                                                      std::memory_order_acq_rel);
}

void board_client::starts_count_from(std::chrono::steady_clock::time_point now) noexcept {
    header().current_since.store(nanoseconds_of(now), std::memory_order_relaxed);
}

void board_client::beat() noexcept { header().heartbeats.fetch_add(1, std::memory_order_relaxed); }

std::chrono::steady_clock::time_point board_client::sent_at() const noexcept {
    const std::chrono::nanoseconds since(header().requests.written_at.load(std::memory_order_relaxed));
    return std::chrono::steady_clock::time_point(since);
}

void board_client::count_runs(std::chrono::nanoseconds time, std::uint32_t count) noexcept {
    if (count == 0) return;
    auto& counted = header().ran[time_histogram::bucket_of(time / count)];
    counted.store(counted.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
}

void board_client::delivers(std::chrono::steady_clock::time_point finished,
                            std::chrono::nanoseconds travelled) noexcept {
    header().delivered_at.store(nanoseconds_of(finished), std::memory_order_relaxed);
    header().travelled.store(travelled.count(), std::memory_order_relaxed);
}

wire::batch_progress board_client::begin_batch(call_id id, std::uint32_t first) noexcept {
    const wire::batch_progress progress(header().items_done, header().item_limit, id & call_id_mask);
    progress.reached(first, 0);
    return progress;
}

void board_client::part_begins(const wire::batch_progress& progress, std::uint32_t first) noexcept {
    progress.reached(first, 0);
    header().part_at.store(header().replies.committed.load(std::memory_order_relaxed), std::memory_order_release);
}

std::chrono::nanoseconds board_client::spin() const noexcept { return std::chrono::nanoseconds(header().spin); }

bool board_client::parent_may_spin() const noexcept { return header().may_spin.load(std::memory_order_relaxed) != 0; }

std::uint64_t board_client::memory_limit() const noexcept { return header().memory_limit; }

void board_client::tell_worn_out() noexcept { header().worn_out.store(1, std::memory_order_relaxed); }

bool board_client::output_is_marked() const noexcept { return header().output_is_marked != 0; }

std::optional<std::uint64_t> board_client::output_read(std::size_t stream) const noexcept {
    const std::uint64_t read = header().output_read[stream].load(std::memory_order_seq_cst);
    return read % 2 == 0 ? std::optional(read >> 1) : std::nullopt;
}

// The reply may be with the parent already, and the slot another call's: that one must not be lost.
void board_client::finish(std::uint32_t slot, call_id id) noexcept {
    std::uint32_t expected = pack(slot_state::running, id);
    slot_at(slot).word.compare_exchange_strong(expected, pack(slot_state::done, id), std::memory_order_release,
                                               std::memory_order_relaxed);
}

bool board_client::stop_requested(std::uint32_t slot, call_id id) const noexcept {
    return slot_at(slot).stop.load(std::memory_order_acquire) == pack(slot_state::queued, id);
}

std::span<std::byte, crash_report_size> board_client::crash_report() const noexcept {
    return std::span<std::byte, crash_report_size>(mapping_.data() + layout_.crash_report, crash_report_size);
}

}  // namespace braid::process_detail
