#pragma once
// The memory that a parent and one worker share, as it lies in the mapping: header, call slots, crash report,
// outgoing bytes, and incoming ones where both look out. Both sides run the same executable, so the types are the
// contract.

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "process/descriptors.hpp"

#include <braid/process/time_histogram.hpp>

namespace braid::process_detail {

/// Where a call is. The parent makes queued and revoked, the worker running and done.
enum class slot_state : std::uint32_t { free = 0, queued = 1, running = 2, done = 3, revoked = 4 };

/// Which call sits in a slot. Ids wrap: the board keeps the low 29 bits, so compare ids only through the board.
using call_id = std::uint32_t;
inline constexpr call_id call_id_mask = (call_id{1} << 29) - 1;

/// State and id in one word, so that one compare and swap checks both.
[[nodiscard]] constexpr std::uint32_t pack(slot_state state, call_id id) noexcept {
    return (id & call_id_mask) << 3 | static_cast<std::uint32_t>(state);
}

struct call_slot {
    std::atomic<std::uint32_t> word;  // pack(state, id)
    std::atomic<std::uint32_t> stop;  // pack(queued, id) of the call that is asked to stop, 0 for none
};

/// How far the two ends of a stream in the mapping are, in bytes since its beginning: see shared_ring.hpp. A cache line
/// for each habit: what the writer writes at every turn, what the reader does, and who sleeps, which changes seldom.
struct ring_words {
    alignas(64) std::atomic<std::uint64_t> committed;  // writer: bytes that are complete
    std::atomic<std::uint32_t> writer_waits;           // writer: for room; reader: has told it
    std::atomic<std::int64_t> written_at;  // writer: when it began to write, after it had nothing; of the steady clock
    alignas(64) std::atomic<std::uint64_t> taken;          // reader
    alignas(64) std::atomic<std::uint32_t> reader_sleeps;  // reader: has to be called; writer: does so
};

// In cache lines by who writes them, and how often.
struct board_header {
    std::uint64_t magic;
    std::uint32_t version;
    std::uint32_t slot_count;
    std::uint64_t outgoing_capacity;
    std::uint64_t incoming_capacity;
    std::int64_t spin;               // ns that the worker looks out before it sleeps
    std::uint64_t memory_limit;      // bytes that the worker should not hold between calls; 0: as many as it likes
    std::uint64_t message_limit;     // bytes that the arguments of a call may take, and its result
    std::uint32_t output_is_marked;  // the worker tells which call has printed what

    ring_words replies;   // the worker's outgoing bytes
    ring_words requests;  // its incoming ones; `written_at` is told without a ring too

    alignas(64) std::atomic<std::uint64_t> current;  // worker: (slot + 1) << 32 | id & mask of what it works on, or 0
    std::atomic<std::int64_t> current_since;         // worker: when it began that, of the steady clock, in ns
    std::atomic<std::uint64_t> items_done;           // worker: of its batch, and the bytes of the open part: see
                                                     // wire::batch_progress
    std::atomic<std::uint64_t> part_at;              // worker: `committed` when it opened the part it writes
    std::atomic<std::int64_t> delivered_at;          // worker: when it ended the last call, of those it delivers
    std::atomic<std::int64_t> travelled;             // worker: ns, for how long those were on their way, so far
    std::array<std::atomic<std::uint64_t>, time_histogram::bucket_count> ran;  // worker: see time_histogram

    alignas(64) std::atomic<std::uint32_t> worn_out;  // worker: it holds more memory than it should
    std::atomic<std::uint32_t> fenced;                // worker: heeds the membarrier(2) of others
    std::atomic<std::uint64_t> heartbeats;            // worker: how often it has answered that it is alive

    // Parent: twice the bytes that it has read of the worker's standard output and error; odd while it reads.
    alignas(64) std::array<std::atomic<std::uint64_t>, 2> output_read;
    std::atomic<std::uint32_t> may_spin;    // parent: it has more than one CPU; told before the first request
    std::atomic<std::uint64_t> item_limit;  // parent: id << 32 | the item at which that batch is to end
};

static_assert(std::atomic<std::uint32_t>::is_always_lock_free && std::atomic<std::uint64_t>::is_always_lock_free,
              "a lock in shared memory would die with its holder");
static_assert(sizeof(call_slot) == 8);

inline constexpr std::uint64_t board_magic = 0x62726169'64626f61;  // "braidboa"
inline constexpr std::uint32_t board_version = 9;
inline constexpr std::size_t crash_report_size = 4096;

struct board_options {
    std::uint32_t slot_count = 1024;                       ///< a power of two, at least what is prefetched
    std::size_t outgoing_capacity = 256 * 1024;            ///< bytes; a power of two and whole pages
    std::size_t incoming_capacity = 0;                     ///< the same, or 0: requests and replies go through pipes
    std::chrono::nanoseconds spin{0};                      ///< see board_header
    std::uint64_t memory_limit = 0;                        ///< bytes, see board_header
    std::uint64_t message_limit = std::uint64_t{4} << 30;  ///< bytes, see board_header
    bool output_is_marked = false;                         ///< see output_lines
};

/// Offsets in the mapping, all of them page-aligned but the first.
struct board_layout {
    std::size_t slots;
    std::size_t crash_report;
    std::size_t outgoing;
    std::size_t incoming;
    std::size_t total;

    /// Throws: usage_error if the options cannot be laid out.
    [[nodiscard]] static board_layout of(const board_options& options);
};

/// Some pages of a descriptor, mapped shared.
class shared_mapping {
public:
    shared_mapping() noexcept = default;
    /// Throws: std::system_error.
    shared_mapping(int fd, std::size_t size);
    shared_mapping(shared_mapping&& other) noexcept;
    shared_mapping& operator=(shared_mapping&& other) noexcept;
    ~shared_mapping();

    /// `length` bytes of the descriptor, from `offset`, twice in a row: what wraps around in it is contiguous.
    [[nodiscard]] static shared_mapping mirrored(int fd, std::size_t offset, std::size_t length);

    [[nodiscard]] std::byte* data() const noexcept { return base_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    std::byte* base_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace braid::process_detail
