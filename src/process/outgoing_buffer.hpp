#pragma once
// What a worker has to say, kept where it survives the worker: a ring in the shared mapping. The bytes committed to it
// are, in order, exactly the bytes that go through the reply pipe, so a parent that counted what it received can take
// the rest from the mapping once the worker is dead.
//
//     std::span<std::byte> room = out.reserve(frame.size());   // empty: flush first
//     ... encode into room ...
//     out.commit(frame.size());                                 // from here on it survives
//     board.finish(slot, id);                                   // only now the slot says done
//     out.flush(reply_pipe);                                    // when convenient
//
// Of a board with rings the parent takes the bytes out of the mapping, and the pipe is its bell: see shared_ring.hpp.
//
// A reply that is larger than the ring goes through it in parts, `append` does that, and the slot says done after the
// last: a worker that dies in between leaves a frame without its end, which is nobody's reply.

#include "process/board_layout.hpp"

namespace braid::process_detail {

/// Threads: reserve, commit and append belong to one thread; pending, consumed and flush to one thread, which may be
/// another.
class outgoing_buffer {
public:
    /// Throws: std::system_error.
    outgoing_buffer(int board, const board_options& options, ring_words& words);

    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
    [[nodiscard]] std::size_t free_space() const noexcept;

    /// Room for `size` contiguous bytes after what is committed; empty if so many are not free now. What is written
    /// there counts for nothing until it is committed; reserving again gives the same room.
    [[nodiscard]] std::span<std::byte> reserve(std::size_t size) noexcept;

    /// Makes the first `size` bytes of the reserved room part of the stream. Needs no system call.
    void commit(std::size_t size) noexcept;

    /// Committed and not yet consumed, contiguous.
    [[nodiscard]] std::span<const std::byte> pending() const noexcept;

    /// The pipe has taken the first `size` bytes of pending().
    void consumed(std::size_t size) noexcept;

    /// Sees to it that the parent gets all that is pending: writes it to a blocking pipe, or rings with that.
    /// Throws: std::system_error.
    void flush(int pipe);

    /// Flushes, and waits if it has to, until so many bytes are free.
    void make_room(std::size_t size, int pipe);

    /// Commits any number of bytes; flushes to the pipe whenever they find no room. For use where one thread does both.
    void append(std::span<const std::byte> bytes, int pipe);

private:
    void call_reader(int pipe);

    shared_mapping ring_;
    const std::size_t capacity_;
    const bool parent_takes_;  // out of the mapping
    ring_words& words_;
    std::atomic<std::uint64_t> written_{0};  // to the pipe, which counts for the parent: nobody else needs this
    std::atomic<std::uint64_t>& consumed_;
    std::uint64_t known_consumed_ = 0;  // at least: asked for only when that is not enough
};

}  // namespace braid::process_detail
