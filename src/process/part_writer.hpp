#pragma once
// The results of a batch on their way out of a worker: parts, each a frame that is written where it will be sent from.

#include "process/call_board.hpp"

#include <braid/wire/batch.hpp>

#include <cstdint>
#include <functional>
#include <span>

namespace braid::process_detail {

/// Threads: that of the worker's calls.
class part_writer final : public wire::batch_output {
public:
    /// `make_room` returns when so much is free in the outgoing buffer, `append` sends what does not fit into it.
    struct ways_out {
        std::function<void(std::size_t)> make_room;
        std::function<void(std::span<const std::byte>)> append;
    };

    part_writer(board_client& board, std::uint64_t frame_id, const wire::batch_progress& progress, ways_out out)
        : board_(board), frame_id_(frame_id), progress_(progress), out_(std::move(out)) {}

    std::span<std::byte> open_part(wire::part_kind kind, std::uint32_t first, std::size_t least) override;
    void close_part(std::uint32_t end, std::size_t bytes) override;
    void put_large(std::uint32_t item, std::span<const std::byte> reply) override;
    [[nodiscard]] const wire::batch_progress& progress() const noexcept override { return progress_; }

private:
    board_client& board_;
    const std::uint64_t frame_id_;
    const wire::batch_progress progress_;
    const ways_out out_;
    std::span<std::byte> room_;  // of the part that is open, headers included
    std::uint32_t first_ = 0;    // its item
};

}  // namespace braid::process_detail
