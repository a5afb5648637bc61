#include "process/outgoing_buffer.hpp"

#include "process/fault_points.hpp"
#include "process/shared_ring.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <unistd.h>

namespace braid::process_detail {

outgoing_buffer::outgoing_buffer(int board, const board_options& options, ring_words& words)
    : ring_(shared_mapping::mirrored(board, board_layout::of(options).outgoing, options.outgoing_capacity)),
      capacity_(options.outgoing_capacity),
      parent_takes_(options.incoming_capacity != 0),
      words_(words),
      consumed_(parent_takes_ ? words.taken : written_) {}

std::size_t outgoing_buffer::free_space() const noexcept {
    const std::uint64_t used =
        words_.committed.load(std::memory_order_relaxed) - consumed_.load(std::memory_order_acquire);
    return capacity_ - static_cast<std::size_t>(used);
}

std::span<std::byte> outgoing_buffer::reserve(std::size_t size) noexcept {
    const std::uint64_t committed = words_.committed.load(std::memory_order_relaxed);
    if (committed + size > known_consumed_ + capacity_) {
        known_consumed_ = consumed_.load(std::memory_order_acquire);
        if (committed + size > known_consumed_ + capacity_) return {};
    }
    return {ring_.data() + committed % capacity_, size};
}

void outgoing_buffer::commit(std::size_t size) noexcept {
    const std::uint64_t committed = words_.committed.load(std::memory_order_relaxed) + size;
    if (parent_takes_) {
        words_.committed.store(committed, std::memory_order_seq_cst);  // before a look whether the parent sleeps
    } else {
        words_.committed.store(committed, std::memory_order_release);
    }
}

std::span<const std::byte> outgoing_buffer::pending() const noexcept {
    const std::uint64_t from = consumed_.load(std::memory_order_relaxed);
    const std::uint64_t to = words_.committed.load(std::memory_order_acquire);
    return {ring_.data() + from % capacity_, static_cast<std::size_t>(to - from)};
}

void outgoing_buffer::consumed(std::size_t size) noexcept {
    consumed_.store(consumed_.load(std::memory_order_relaxed) + size, std::memory_order_release);
}

void outgoing_buffer::flush(int pipe) {
    if (parent_takes_) return call_reader(pipe);
    for (auto bytes = pending(); !bytes.empty(); bytes = pending()) {
        const ssize_t n = ::write(pipe, bytes.data(), before(step::writes_replies, bytes.size()));
        if (n >= 0) {
            after(step::writes_replies, static_cast<std::size_t>(n));
            consumed(static_cast<std::size_t>(n));
        } else if (errno != EINTR) {
            throw_errno("write to the reply pipe");
        }
    }
}

void outgoing_buffer::call_reader(int pipe) {
    if (words_.reader_sleeps.load(std::memory_order_seq_cst) == 0 || words_.reader_sleeps.exchange(0) == 0) return;
    before(step::writes_replies, 1);
    ring_bell(pipe);
    after(step::writes_replies, 1);
}

void outgoing_buffer::make_room(std::size_t size, int pipe) {
    while (free_space() < size) {
        flush(pipe);
        if (!parent_takes_) continue;
        words_.writer_waits.store(1, std::memory_order_seq_cst);
        const std::uint64_t used =
            words_.committed.load(std::memory_order_relaxed) - words_.taken.load(std::memory_order_seq_cst);
        if (capacity_ - used < size) {
            wait_for_room(words_);
        } else {
            words_.writer_waits.store(0, std::memory_order_relaxed);
        }
    }
}

void outgoing_buffer::append(std::span<const std::byte> bytes, int pipe) {
    while (!bytes.empty()) {
        make_room(std::min(bytes.size(), capacity_ / 4), pipe);
        const std::size_t part = std::min(bytes.size(), free_space());
        const std::size_t now = before(step::commits_reply, part);
        std::memcpy(reserve(now).data(), bytes.data(), now);
        commit(now);
        after(step::commits_reply, now);
        bytes = bytes.subspan(now);
    }
}

}  // namespace braid::process_detail
