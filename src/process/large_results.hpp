#pragma once
// Which calls give results that are better lent memory for.

#include <braid/process/detail/call.hpp>

#include <cstddef>
#include <typeinfo>

namespace braid::detail {

/// Remembers the function that gave the last large result: what a function gave once it is expected to give again.
/// Threads: one.
class large_results {
public:
    /// `in_vain`: there was memory that it could have lain in, but it consists of too many small parts for that.
    void saw(const call_base& call, std::size_t bytes, bool in_vain) noexcept {
        const called_function called = call.called();
        if (is_last(called) && bytes_ == 0) return;
        last_ = called;
        bytes_ = in_vain ? 0 : bytes;
    }
    /// Bytes to make room for; 0: none.
    [[nodiscard]] std::size_t size_for(call_base& call) const noexcept {
        return bytes_ != 0 && !call.as_batch() && is_last(call.called()) ? bytes_ : 0;
    }

private:
    [[nodiscard]] bool is_last(const called_function& called) const noexcept {
        return last_.type && called.address == last_.address && *called.type == *last_.type;
    }

    called_function last_{nullptr, nullptr};
    std::size_t bytes_ = 0;  // 0: nothing can be lent for its results
};

}  // namespace braid::detail
