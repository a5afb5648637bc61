#pragma once
// The results of a batch on their way out of a worker: parts, each a frame that is written where it will be sent from.

#include "process/attachment_ends.hpp"
#include "process/call_board.hpp"

#include <braid/wire/batch.hpp>

#include <cstdint>
#include <functional>
#include <span>

namespace braid::process_detail {

/// Threads: that of the worker's calls.
class part_writer final : public wire::batch_output {
public:
    /// `make_room` returns when so much is free in the outgoing buffer, `append` sends what does not fit into it,
    /// `send_beside` what travels beside a reply; if that cannot be done, it makes the reply one that says so, and
    /// gives false.
    struct ways_out {
        std::function<void(std::size_t)> make_room;
        std::function<void(std::span<const std::byte>)> append;
        std::function<bool(wire::writer&)> send_beside;
    };

    part_writer(board_client& board, worker_attachments& beside, std::uint64_t frame_id,
                const wire::batch_progress& progress, ways_out out)
        : board_(board), beside_(beside), frame_id_(frame_id), progress_(progress), out_(std::move(out)) {}

    std::span<std::byte> open_part(wire::part_kind kind, std::uint32_t first, std::size_t least) override;
    void close_part(std::uint32_t end, std::size_t bytes) override;
    void put_large(std::uint32_t item, std::span<const std::byte> reply) override;
    wire::attachments_out& beside_next() override;
    [[nodiscard]] bool has_beside() const noexcept override { return beside_.has_something(); }
    void put_with_beside(std::uint32_t item, wire::writer& reply) override;
    [[nodiscard]] const wire::batch_progress& progress() const noexcept override { return progress_; }

private:
    void put_alone(std::uint32_t item, std::span<const std::byte> reply, std::uint32_t flags);
    [[nodiscard]] bool is_too_large(std::size_t size) const noexcept { return size > board_.message_limit(); }

    board_client& board_;
    worker_attachments& beside_;
    const std::uint64_t frame_id_;
    const wire::batch_progress progress_;
    const ways_out out_;
    std::span<std::byte> room_;  // of the part that is open, headers included
    std::uint32_t first_ = 0;    // its item
};

}  // namespace braid::process_detail
