#pragma once
// A home as an Asio executor: what use_task's handlers are associated with, so that every step of an Asio operation,
// and its cancellation, happen on the home, whatever threads run the I/O object's own executor.

#include <braid/core/detail/frame_memory.hpp>
#include <braid/core/detail/home.hpp>

#include <boost/asio/execution/blocking.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/query.hpp>

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace braid::detail {

/// A function in a recycled frame, as work.
template <class F>
struct work_function : work {
    explicit work_function(F&& wrapped) : function(std::move(wrapped)) {
        run = [](work* w) noexcept {
            auto* self = static_cast<work_function*>(w);
            F f = std::move(self->function);
            self->~work_function();  // the function may end what the memory is for
            release_frame(self, sizeof(work_function));
            std::move(f)();
        };
    }
    static work* make(F f) {
        static_assert(alignof(work_function) <= alignof(std::max_align_t));
        void* memory = allocate_frame(sizeof(work_function));
        try {
            return new (memory) work_function(std::move(f));
        } catch (...) {
            release_frame(memory, sizeof(work_function));
            throw;
        }
    }
    F function;
};

/// Lifetime: the home's, which the root of whoever waits for the operation keeps; or which this keeps itself, with a
/// `Pointer` that counts.
template <bool MayRunAtOnce = true, class Pointer = home*>
class home_executor {
    using blocking = boost::asio::execution::blocking_t;

public:
    explicit home_executor(Pointer where) noexcept : home_(std::move(where)) {}

    [[nodiscard]] home& where() const noexcept { return *home_; }

    template <class F>
    void execute(F f) const {
        if constexpr (MayRunAtOnce) {
            if (home_->is_current()) return std::move(f)();
            home_->post_from_handler(work_function<F>::make(std::move(f)));
        } else {
            home_->post(work_function<F>::make(std::move(f)));
        }
    }

    static constexpr blocking query(blocking) noexcept {
        if constexpr (MayRunAtOnce) {
            return blocking::possibly;
        } else {
            return blocking::never;
        }
    }
    auto require(blocking::possibly_t) const noexcept { return home_executor<true, Pointer>(home_); }
    auto require(blocking::never_t) const noexcept { return home_executor<false, Pointer>(home_); }
    boost::asio::execution_context& query(boost::asio::execution::context_t) const noexcept {
        return boost::asio::query(home_->executor(), boost::asio::execution::context);
    }
    friend bool operator==(const home_executor&, const home_executor&) = default;

private:
    Pointer home_;
};

}  // namespace braid::detail
