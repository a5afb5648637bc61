#pragma once
// Memory for the large values of calls. They are copied into it and out of it, which takes a fraction of the time that
// a pipe does, and it serves the next call when this one has ended, since making its pages takes longer than either.

#include <braid/wire/attachments.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace braid::process_detail {

/// What one worker is lent. Threads: one.
class lent_memory {
public:
    /// So many bytes and a little more, for the call of this frame until it has ended. Null: there is nothing to lend
    /// now.
    [[nodiscard]] std::shared_ptr<wire::segment> lend(std::uint64_t frame, std::size_t bytes) noexcept;
    /// Of what the call has, a piece of so many bytes or more. Null: it has none.
    [[nodiscard]] std::shared_ptr<wire::segment> lent_to(std::uint64_t frame, std::size_t bytes) const noexcept;
    /// The call that has this was told that its result may lie there.
    void may_hold_result(const wire::segment& memory) noexcept;
    /// Whether the call was lent so much for its result.
    [[nodiscard]] bool is_for_result(std::uint64_t frame, std::size_t bytes) const noexcept;
    [[nodiscard]] bool is_lent_to(std::uint64_t frame, const wire::segment& memory) const noexcept;
    [[nodiscard]] std::size_t bytes_lent_to(std::uint64_t frame) const noexcept;
    /// Whether it is some of this.
    [[nodiscard]] bool has(const wire::segment& memory) const noexcept;
    /// Nobody reads or writes for that call any more.
    void take_back(std::uint64_t frame) noexcept {
        if (!pieces_.empty()) take_back_all_of(frame);
    }

private:
    static constexpr std::uint64_t nobody = ~std::uint64_t{0};
    struct piece {
        std::shared_ptr<wire::segment> memory;
        std::uint64_t frame = nobody;
        bool is_for_result = false;  // the worker was told that it may write there
    };

    void take_back_all_of(std::uint64_t frame) noexcept;
    void drop_a_free_one();

    std::vector<piece> pieces_;
};

}  // namespace braid::process_detail
