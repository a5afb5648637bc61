#pragma once
// The call board: who has which call, agreed between a parent and one worker without a system call, and readable when
// the worker is dead. The parent queues calls and takes them back; the worker starts and finishes them; a compare and
// swap decides between them, so a call either runs or is revoked, never both.

#include "process/board_access.hpp"
#include "process/board_layout.hpp"
#include "process/descriptors.hpp"
#include "process/outgoing_buffer.hpp"
#include "process/shared_ring.hpp"

#include <braid/core/error.hpp>
#include <braid/wire/batch.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace braid::process_detail {

/// The parent's side. It believes nothing that it reads there: sizes are its own, numbers are checked, bytes are
/// copied. Threads: all members may be called by any thread.
class call_board {
public:
    /// Throws: usage_error for impossible options, std::system_error.
    explicit call_board(const board_options& options = {});

    /// For the worker: passed by number, mapped by board_client. Sealed, so that nobody can shrink it under a reader.
    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    [[nodiscard]] std::uint32_t slot_count() const noexcept { return options_.slot_count; }

    /// Whether requests and replies go through the mapping, with the pipes as bells. If so, both ends of it here.
    /// Lifetime: the board's.
    [[nodiscard]] bool has_rings() const noexcept { return options_.incoming_capacity != 0; }
    [[nodiscard]] ring_writer requests() const noexcept;
    [[nodiscard]] ring_reader replies() const noexcept;

    /// Puts a call into a slot that the parent holds (never used, freed, revoked, or done and its reply received).
    void queue(std::uint32_t slot, call_id id);
    /// The answer to a lone call is about to be read: fetches what else is needed then.
    void expects_answer(std::uint32_t slot) const noexcept;
    /// True: the worker has not started the call and never will. False: it has.
    [[nodiscard]] bool try_revoke(std::uint32_t slot, call_id id);
    /// The reply has arrived: the slot may be used again.
    void free(std::uint32_t slot);
    /// Where the call is; nothing if the slot holds another call or no valid state.
    [[nodiscard]] std::optional<slot_state> state(std::uint32_t slot, call_id id) const;

    void request_stop(std::uint32_t slot, call_id id);

    struct running_call {
        std::uint32_t slot;
        call_id id;  ///< its low 29 bits
    };
    /// What the worker is running, or was when it died.
    [[nodiscard]] std::optional<running_call> running() const noexcept;

    /// When the worker began what it is running, to some 100 us: it reads the clock as seldom as it can.
    [[nodiscard]] std::chrono::steady_clock::time_point running_since() const noexcept;

    // --- of the batch that the worker runs, with what it says of itself: nothing of it is checked here

    /// How many items of it are done.
    [[nodiscard]] std::uint32_t items_done() const noexcept;
    /// From which item on it will certainly not run any, because it is told so now. Nothing if it cannot be told, or
    /// runs the batch no longer.
    [[nodiscard]] std::optional<std::uint32_t> cut_short(std::uint32_t slot, call_id id) noexcept;
    /// It is to begin no item of the batch any more, if it runs that.
    void stop_batch(std::uint32_t slot, call_id id) noexcept;

    /// Bytes of the reply stream behind those that are committed: what it has done of a part that it still writes, with
    /// the frame's header at the front, and before which item that ends. Empty if there is none, or it has just
    /// changed.
    struct open_part {
        std::vector<std::byte> bytes;
        std::uint32_t end = 0;
    };
    [[nodiscard]] open_part unfinished_part() const;

    /// How often the worker has said that it is alive.
    [[nodiscard]] std::uint64_t heartbeats() const noexcept;

    /// Calls are on their way from now on; there were none before.
    void sends_from(std::chrono::steady_clock::time_point now) noexcept;
    /// For how long the calls that arrived now, with those before them, were on their way.
    [[nodiscard]] std::chrono::nanoseconds travelled(std::chrono::steady_clock::time_point now) const noexcept;
    /// How long the worker has run its calls.
    [[nodiscard]] time_histogram ran() const noexcept;

    /// Between calls it held more memory than it should.
    [[nodiscard]] bool worn_out() const noexcept;

    /// Before the first request: whether there is another CPU to look out on.
    void tell_whether_to_spin(bool may) noexcept;

    /// Around each read of what the worker prints: how much of it has been read by then. See output_marks.
    void begin_reading_output(std::size_t stream) noexcept;
    void end_reading_output(std::size_t stream, std::uint64_t bytes) noexcept;

    /// For a dead worker, after its reply pipe was read to the end: what it had committed beyond the `received` bytes.
    /// Throws: board_corrupted.
    [[nodiscard]] std::vector<std::byte> recover(std::uint64_t received) const;

    /// What the worker's crash handler left, up to the first zero byte; empty if nothing.
    [[nodiscard]] std::string crash_report() const;

private:
    [[nodiscard]] board_header& header() const noexcept;
    [[nodiscard]] call_slot& slot_at(std::uint32_t slot) const;
    void set_item_limit(call_id id, std::uint32_t item) noexcept;
    [[nodiscard]] std::vector<std::byte> copy_outgoing(std::uint64_t from, std::size_t size) const;

    const std::chrono::steady_clock::time_point made_ = std::chrono::steady_clock::now();
    board_options options_;
    board_layout layout_;
    unique_fd fd_;
    shared_mapping mapping_;
};

/// The worker's side, which trusts its parent.
/// Threads: slots may be used by any thread, the outgoing buffer as it says.
class board_client {
public:
    /// Takes the descriptor over. Throws: board_corrupted if it is not a board of this version, std::system_error.
    explicit board_client(unique_fd fd);

    /// A lone call has come, most likely in this slot: fetches what it takes to start it.
    void expects_call(std::uint32_t slot) const noexcept;
    /// Marks the call running. False: the parent has taken it back, and it must not run.
    [[nodiscard]] bool try_start(std::uint32_t slot, call_id id) noexcept;
    /// What is started from now on began then.
    void starts_count_from(std::chrono::steady_clock::time_point now) noexcept;
    /// Says that this process is alive. Threads: one of its own.
    void beat() noexcept;
    /// When the parent sent what it sent last.
    [[nodiscard]] std::chrono::steady_clock::time_point sent_at() const noexcept;
    void count_runs(std::chrono::nanoseconds time, std::uint32_t count) noexcept;
    /// What is delivered now was finished then, and has been on its way for so long.
    void delivers(std::chrono::steady_clock::time_point finished, std::chrono::nanoseconds travelled) noexcept;
    /// Bytes that this process should not hold between calls; 0: no matter.
    [[nodiscard]] std::uint64_t memory_limit() const noexcept;
    void tell_worn_out() noexcept;
    /// Bytes that the arguments of a call may take, and its result.
    [[nodiscard]] std::uint64_t message_limit() const noexcept { return header_of(mapping_)->message_limit; }
    /// The parent wants to know which call has printed what.
    [[nodiscard]] bool output_is_marked() const noexcept;
    /// How much the parent has read of what this process printed; nothing while it reads.
    [[nodiscard]] std::optional<std::uint64_t> output_read(std::size_t stream) const noexcept;
    /// Marks the running call done. Its reply must be committed to outgoing() before.
    void finish(std::uint32_t slot, call_id id) noexcept;
    /// Two loads: cheap enough for an inner loop.
    [[nodiscard]] bool stop_requested(std::uint32_t slot, call_id id) const noexcept;

    [[nodiscard]] std::uint32_t slot_count() const noexcept { return slot_count_; }
    [[nodiscard]] outgoing_buffer& outgoing() noexcept { return outgoing_; }
    [[nodiscard]] std::chrono::nanoseconds spin() const noexcept;
    /// Once the first request has come.
    [[nodiscard]] bool parent_may_spin() const noexcept;
    /// Null: requests come by the pipe.
    [[nodiscard]] ring_reader* incoming() noexcept { return incoming_ ? &*incoming_ : nullptr; }

    /// Before try_start of a batch.
    [[nodiscard]] wire::batch_progress begin_batch(call_id id, std::uint32_t first) noexcept;
    /// A part begins where the stream is now, its results with item `first`.
    void part_begins(const wire::batch_progress& progress, std::uint32_t first) noexcept;
    /// Written by a signal handler: zero-terminated text.
    [[nodiscard]] std::span<std::byte, crash_report_size> crash_report() const noexcept;

private:
    struct opened;
    explicit board_client(opened board);
    static opened open(unique_fd fd);
    [[nodiscard]] board_header& header() const noexcept;
    [[nodiscard]] call_slot& slot_at(std::uint32_t slot) const noexcept;

    shared_mapping mapping_;
    board_layout layout_;
    std::uint32_t slot_count_;
    outgoing_buffer outgoing_;
    std::optional<ring_reader> incoming_;
};

}  // namespace braid::process_detail
