#pragma once
// this_executor: the executor that a task runs on, to make I/O objects with.

#include <braid/core/detail/scoped.hpp>

#include <boost/asio/any_io_executor.hpp>

namespace braid {

namespace detail {

class [[nodiscard]] this_executor_awaiter : private this_environment {
public:
    using this_environment::await_ready;
    using this_environment::await_suspend;
    const boost::asio::any_io_executor& await_resume() const noexcept {
        return this_environment::await_resume().where->executor();
    }
};

}  // namespace detail

/// `steady_timer timer(co_await this_executor());` Does not suspend, and works in cancelled tasks too.
inline detail::this_executor_awaiter this_executor() noexcept { return {}; }

}  // namespace braid
