#include "process/shared_ring.hpp"

#include "process/board_access.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace braid::process_detail {

std::span<const std::byte> ring_reader::readable() const {
    const std::uint64_t committed = words_->committed.load(std::memory_order_acquire);
    const std::uint64_t there = committed - taken_;
    if (there > ring_.size()) {
        throw board_corrupted(
            fmt::format("a ring of {} bytes cannot hold {} of which {} were taken: it was overwritten", ring_.size(),
                        committed, taken_));
    }
    const std::size_t at = static_cast<std::size_t>(taken_ % ring_.size());
    return ring_.subspan(at, std::min(static_cast<std::size_t>(there), ring_.size() - at));
}

bool ring_reader::took(std::size_t bytes) noexcept {
    taken_ += bytes;
    words_->taken.store(taken_, std::memory_order_seq_cst);
    return words_->writer_waits.load(std::memory_order_seq_cst) != 0 && words_->writer_waits.exchange(0) != 0;
}

bool ring_reader::may_sleep() noexcept {
    words_->reader_sleeps.store(1, std::memory_order_seq_cst);
    if (words_->committed.load(std::memory_order_seq_cst) == taken_) return true;
    stays_awake();
    return false;
}

/// At least `wanted`, or all there is.
std::size_t ring_writer::free_for(std::size_t wanted) {
    const auto free = [this] { return ring_.size() - static_cast<std::size_t>(committed_ - taken_); };
    if (free() >= wanted) return free();
    const std::uint64_t taken = words_->taken.load(std::memory_order_acquire);
    if (taken < taken_ || taken > committed_) {
        throw board_corrupted(
            fmt::format("of a ring of {} bytes {} cannot have been taken when {} were written: "
                        "it was overwritten",
                        ring_.size(), taken, committed_));
    }
    taken_ = taken;
    return free();
}

void ring_writer::expects_some() const noexcept { fetch_for_writing(ring_.data() + committed_ % ring_.size()); }

std::size_t ring_writer::write(std::span<const std::byte> bytes) {
    const std::size_t at = static_cast<std::size_t>(committed_ % ring_.size());
    const std::size_t size = std::min({bytes.size(), free_for(bytes.size()), ring_.size() - at});
    if (size == 0) return 0;
    std::memcpy(ring_.data() + at, bytes.data(), size);
    committed_ += size;
    words_->committed.store(committed_, std::memory_order_seq_cst);
    return size;
}

bool ring_writer::reader_sleeps() noexcept {
    return words_->reader_sleeps.load(std::memory_order_seq_cst) != 0 && words_->reader_sleeps.exchange(0) != 0;
}

bool ring_writer::may_wait() noexcept {
    words_->writer_waits.store(1, std::memory_order_seq_cst);
    if (!has_room()) return true;
    words_->writer_waits.store(0, std::memory_order_relaxed);
    return false;
}

void ring_bell(int pipe) {
    const char byte = 0;
    while (::write(pipe, &byte, 1) < 0) {
        if (errno == EAGAIN) return;
        if (errno != EINTR) throw_errno("ring the bell of a pipe");
    }
}

void wait_for_room(ring_words& words) noexcept {
    ::syscall(SYS_futex, &words.writer_waits, FUTEX_WAIT, 1, nullptr, nullptr, 0);
}

void ring_reader::wake_writer() const noexcept {
    ::syscall(SYS_futex, &words_->writer_waits, FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

}  // namespace braid::process_detail
