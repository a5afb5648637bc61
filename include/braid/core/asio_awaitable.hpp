#pragma once
// Awaiting an asio::awaitable in a task, as if it were one: `int n = co_await parse(socket);`
//
// It runs on the task's home, each of its steps and their cancellation as well: this_coro::executor is the home, and
// what is made with that executor brings it back there. Its exceptions come out of the co_await with their type.
// Cancellation: of the task stops what the coroutine awaits (all cancellation types; by itself a coroutine of Asio
// listens to `terminal` alone); when it ends by that, the await throws `cancelled`. It has ended when the await
// returns. Lifetime: what it makes with this_coro::executor may outlive the task.

#include <braid/core/detail/home_executor.hpp>
#include <braid/core/task.hpp>
#include <braid/core/use_task.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

namespace braid::detail {

using counted_home_executor = home_executor<true, std::shared_ptr<home>>;

/// Asio wants a default constructor of what it passes to a handler; leaving the value here, it passes nothing.
template <class T, class Executor>
boost::asio::awaitable<void, Executor> leave_result(boost::asio::awaitable<T, Executor> work, result_slot<T>& slot) {
    if constexpr (std::is_void_v<T>) {
        co_await std::move(work);
    } else {
        slot.return_value(co_await std::move(work));
    }
}

/// Asio 1.26 hands a cancellation to the executor of the coroutine with a pointer to a signal that may be gone by then
/// (chriskohlhoff/asio#1332). On the home nothing can come between: there the executor runs it at once.
template <class T, class Executor>
struct begin_awaitable {
    result_slot<T>* slot;

    template <class Handler>
    void operator()(Handler handler, boost::asio::awaitable<T, Executor> work) const {
        counted_home_executor executor(handler.get_executor().where().shared_from_this());
        boost::asio::co_spawn(Executor(std::move(executor)), leave_result(std::move(work), *slot), std::move(handler));
    }
};

template <class T, class Executor>
class [[nodiscard]] awaitable_operation : public asio_operation<void(std::exception_ptr), begin_awaitable<T, Executor>,
                                                                boost::asio::awaitable<T, Executor>> {
    using base =
        asio_operation<void(std::exception_ptr), begin_awaitable<T, Executor>, boost::asio::awaitable<T, Executor>>;

public:
    explicit awaitable_operation(boost::asio::awaitable<T, Executor>&& awaited)
        : base({&slot_}, std::tuple<boost::asio::awaitable<T, Executor>>(std::move(awaited))) {}

    T await_resume() {
        base::await_resume();
        return slot_.take();
    }

private:
    result_slot<T> slot_;
};

template <class T, class Executor>
struct await_adapter<boost::asio::awaitable<T, Executor>> {
    static_assert(std::is_constructible_v<Executor, counted_home_executor>,
                  "braid: this asio::awaitable is bound to one type of executor, which is not that of a task's home: "
                  "write asio::awaitable<T>, or start it on an executor of its own with asio::co_spawn and use_task");

    boost::asio::awaitable<T, Executor>& work;
    awaitable_operation<T, Executor> operator co_await() const {
        return awaitable_operation<T, Executor>(std::move(work));
    }
};

}  // namespace braid::detail
