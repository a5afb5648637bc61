#include "process/outgoing_buffer.hpp"

#include "process/fault_points.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <unistd.h>

namespace braid::process_detail {

outgoing_buffer::outgoing_buffer(int board, const board_options& options, std::atomic<std::uint64_t>& committed)
    : ring_(shared_mapping::mirrored(board, board_layout::of(options).outgoing, options.outgoing_capacity)),
      capacity_(options.outgoing_capacity),
      committed_(committed) {}

std::size_t outgoing_buffer::free_space() const noexcept {
    const std::uint64_t used = committed_.load(std::memory_order_relaxed) - consumed_.load(std::memory_order_acquire);
    return capacity_ - static_cast<std::size_t>(used);
}

std::span<std::byte> outgoing_buffer::reserve(std::size_t size) noexcept {
    if (size > free_space()) return {};
    return {ring_.data() + committed_.load(std::memory_order_relaxed) % capacity_, size};
}

void outgoing_buffer::commit(std::size_t size) noexcept {
    committed_.store(committed_.load(std::memory_order_relaxed) + size, std::memory_order_release);
}

std::span<const std::byte> outgoing_buffer::pending() const noexcept {
    const std::uint64_t from = consumed_.load(std::memory_order_relaxed);
    const std::uint64_t to = committed_.load(std::memory_order_acquire);
    return {ring_.data() + from % capacity_, static_cast<std::size_t>(to - from)};
}

void outgoing_buffer::consumed(std::size_t size) noexcept {
    consumed_.store(consumed_.load(std::memory_order_relaxed) + size, std::memory_order_release);
}

void outgoing_buffer::flush(int pipe) {
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

void outgoing_buffer::append(std::span<const std::byte> bytes, int pipe) {
    while (!bytes.empty()) {
        const std::size_t part = std::min(bytes.size(), free_space());
        if (part == 0) {
            flush(pipe);
            continue;
        }
        const std::size_t now = before(step::commits_reply, part);
        std::memcpy(reserve(now).data(), bytes.data(), now);
        commit(now);
        after(step::commits_reply, now);
        bytes = bytes.subspan(now);
    }
}

}  // namespace braid::process_detail
