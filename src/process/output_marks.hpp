#pragma once
// The worker's part in telling which call has printed what: see output_lines.

#include "process/call_board.hpp"

#include <array>
#include <cstdint>

namespace braid::process_detail {

/// Threads: the one that runs the calls.
class output_marks {
public:
    /// From now on lines leave when they are whole, if the pool wants lines; else this does nothing at all.
    explicit output_marks(const board_client& board);

    /// A call has returned: what it printed leaves before its result, with a mark where it printed something.
    void call_ends(std::uint64_t call) noexcept {
        if (wanted_) mark(call);
    }

private:
    void mark(std::uint64_t call) noexcept;
    [[nodiscard]] bool printed_since(std::size_t stream) noexcept;

    const board_client& board_;
    const bool wanted_;
    std::array<std::uint64_t, 2> written_{};  // to each stream, up to the last mark
};

}  // namespace braid::process_detail
