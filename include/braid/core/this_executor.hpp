#pragma once
// this_executor: for coroutines that make I/O objects of their own.

#include <braid/core/detail/scoped.hpp>

#include <boost/asio/any_io_executor.hpp>

namespace braid {

namespace detail {

class [[nodiscard]] this_executor_awaitable {
public:
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) noexcept {
        where_ = h.promise().env->where;
        return false;
    }
    boost::asio::any_io_executor await_resume() const { return where_->executor(); }

private:
    home* where_ = nullptr;
};

}  // namespace detail

/// `tcp::socket socket(co_await this_executor());`: the executor that the coroutine runs on. Does not suspend, and
/// works in cancelled surroundings too.
inline detail::this_executor_awaitable this_executor() noexcept { return {}; }

}  // namespace braid
