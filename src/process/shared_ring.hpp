#pragma once
// A stream of bytes through memory that a parent and a worker share, for a pool whose two sides look out for each other
// before they sleep. While both are awake no system call is made; a pipe is the bell for a side that sleeps.
//
// Who is about to sleep says so and then looks once more; who delivers does that first and then asks whether the other
// sleeps. All four are in one order (seq_cst), so at least one of the two sees what the other did.
//
// Neither end believes the other: how far it is itself it knows without looking, and what the other says is checked.

#include "process/board_layout.hpp"

#include <braid/core/error.hpp>

namespace braid::process_detail {

/// What lies in the shared mapping makes no sense: the worker wrote over it.
class board_corrupted : public error {
public:
    using error::error;
};

/// Threads: one.
class ring_reader {
public:
    ring_reader(std::span<const std::byte> ring, ring_words& words) noexcept : ring_(ring), words_(&words) {}

    [[nodiscard]] std::size_t capacity() const noexcept { return ring_.size(); }
    [[nodiscard]] bool has_something() const noexcept {
        return words_->committed.load(std::memory_order_acquire) != taken_;
    }
    /// What has come, as far as it lies in one piece. Throws: board_corrupted.
    [[nodiscard]] std::span<const std::byte> readable() const;
    /// The first `bytes` of that are not needed any more. True: the writer waits for room, and is to be told.
    [[nodiscard]] bool took(std::size_t bytes) noexcept;
    /// For a writer that is in `wait_for_room`.
    void wake_writer() const noexcept;

    /// From now on the writer calls. False: something has come, and it may not.
    [[nodiscard]] bool may_sleep() noexcept;
    void stays_awake() noexcept {
        auto& sleeps = words_->reader_sleeps;
        if (sleeps.load(std::memory_order_relaxed) != 0) sleeps.store(0, std::memory_order_relaxed);
    }

private:
    std::span<const std::byte> ring_;
    ring_words* words_;
    std::uint64_t taken_ = 0;
};

/// Threads: one.
class ring_writer {
public:
    ring_writer(std::span<std::byte> ring, ring_words& words) noexcept : ring_(ring), words_(&words) {}

    /// For a good part: two sides that hand each other a few bytes at a time get nowhere.
    [[nodiscard]] bool has_room() const noexcept {
        return committed_ - words_->taken.load(std::memory_order_seq_cst) <= ring_.size() - ring_.size() / 4;
    }
    /// Something is about to be written: fetches where.
    void expects_some() const noexcept;
    /// Takes as many of the bytes as fit in, in one piece. Throws: board_corrupted.
    [[nodiscard]] std::size_t write(std::span<const std::byte> bytes);
    /// It is to be called, by whoever is told so.
    [[nodiscard]] bool reader_sleeps() noexcept;
    /// From now on the reader tells when there is room. False: there is, and it may not.
    [[nodiscard]] bool may_wait() noexcept;

private:
    [[nodiscard]] std::size_t free_for(std::size_t wanted);

    std::span<std::byte> ring_;
    ring_words* words_;
    std::uint64_t committed_ = 0;
    std::uint64_t taken_ = 0;  // at least: asked for only when that is not enough
};

/// One byte that says: look. A bell that nobody has heard yet rings for this one too.
/// Throws: std::system_error; EPIPE, when nobody is there any more.
void ring_bell(int pipe);

/// Returns when the reader has told that there is room, or for no reason. For a worker, which has no pipe to wait at.
void wait_for_room(ring_words& words) noexcept;

}  // namespace braid::process_detail
