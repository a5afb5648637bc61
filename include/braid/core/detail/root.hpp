#pragma once
// The root of a tree of tasks: what spawn starts, with an environment of its own.

#include <braid/core/detail/remote_cancel.hpp>
#include <braid/core/detail/scoped.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>

#include <memory>
#include <type_traits>
#include <utility>

namespace braid::detail {

template <class T>
struct completion_signature_of {
    using type = void(std::exception_ptr, T);
};
template <>
struct completion_signature_of<void> {
    using type = void(std::exception_ptr);
};
template <class T>
using completion_signature = typename completion_signature_of<T>::type;

/// The frame of a root: it frees itself when it is done.
class root {
public:
    class promise_type : public awaiting_promise, public work, public root_entry {
    public:
        root get_return_object() noexcept { return root(std::coroutine_handle<promise_type>::from_promise(*this)); }
        auto final_suspend() const noexcept { return leave{}; }
        void return_void() const noexcept {}
        void unhandled_exception() noexcept { std::terminate(); }  // roots catch what their task throws

    private:
        friend class root;
        struct leave {
            bool await_ready() const noexcept { return false; }
            void await_suspend(std::coroutine_handle<promise_type> h) const noexcept;
            void await_resume() const noexcept {}
        };
        std::shared_ptr<home> home_;
        boost::asio::any_io_executor keep_running_;  // counts as work of the executor's context
        cancel_scope scope_;
        environment own_{};
    };

    /// Begins on `where`, soon.
    void start(std::shared_ptr<home> where) &&;
    /// The scope of everything below. Before `start`, or on the home.
    cancel_scope& scope() const noexcept { return coroutine_.promise().scope_; }

private:
    explicit root(std::coroutine_handle<promise_type> h) noexcept : coroutine_(h) {}
    std::coroutine_handle<promise_type> coroutine_;
};

/// Runs `work`, stores how it ended in `slot`, and calls `ended()` when nothing of it is left.
template <class T, class Slot, class Ended>
root run_root(task<T> work, Slot slot, Ended ended) {
    try {
        // What the task's frame holds on to, jobs for instance, goes while the environment is still there.
        task<T> running = std::move(work);
        if constexpr (std::is_void_v<T>) {
            co_await std::move(running);
        } else {
            slot->return_value(co_await std::move(running));
        }
    } catch (...) {
        slot->set_error(std::current_exception());
    }
    co_await adopted_done(co_await this_environment());
    ended();
}

template <class T, class Handler>
void start_root(boost::asio::any_io_executor executor, task<T> work, Handler handler) {
    static_assert(std::is_void_v<T> || std::is_default_constructible_v<T>,
                  "braid: a completion handler gets a value beside every error, so that the result of a task given to "
                  "spawn needs a default constructor; give a std::optional or a std::unique_ptr of it instead");
    auto where = home::of(executor);
    auto handler_executor = boost::asio::get_associated_executor(handler, executor);
    auto handler_work = boost::asio::prefer(handler_executor, boost::asio::execution::outstanding_work.tracked);
    auto slot = std::make_unique<result_slot<T>>();
    result_slot<T>* result = slot.get();
    std::shared_ptr<remote_cancel> remote;
    auto cancellation = boost::asio::get_associated_cancellation_slot(handler);
    if (cancellation.is_connected()) {
        remote = std::make_shared<remote_cancel>(where);
        cancellation.assign([remote](boost::asio::cancellation_type) { remote->request(cancel_reason::user); });
    }
    root r = run_root(std::move(work), result,
                      [slot = std::move(slot), handler = std::move(handler), remote, cancellation, handler_executor,
                       handler_work]() mutable {
                          if (remote) remote->detach();
                          boost::asio::post(handler_executor, [slot = std::move(slot), handler = std::move(handler),
                                                               cancellation, handler_work]() mutable {
                              static_cast<void>(handler_work);  // held until here
                              if (cancellation.is_connected()) cancellation.clear();
                              std::exception_ptr error;
                              if constexpr (std::is_void_v<T>) {
                                  try {
                                      slot->take();
                                  } catch (...) {
                                      error = std::current_exception();
                                  }
                                  std::move(handler)(std::move(error));
                              } else {
                                  T value{};
                                  try {
                                      value = slot->take();
                                  } catch (...) {
                                      error = std::current_exception();
                                  }
                                  std::move(handler)(std::move(error), std::move(value));
                              }
                          });
                      });
    if (remote) remote->attach(r.scope());
    std::move(r).start(std::move(where));
}

/// An event loop on this thread that runs until its root is done.
class blocking_loop {
public:
    template <class T>
    void start(task<T> work, result_slot<T>& slot) {
        run_root(std::move(work), &slot, [] {}).start(home_);
    }

private:
    friend void run_loop(blocking_loop& loop);
    blocking_loop();
    template <class Start>
    friend void run_loop_for(Start start);

    boost::asio::io_context context_;
    std::shared_ptr<home> home_;
};
void run_loop(blocking_loop& loop);

template <class Start>
void run_loop_for(Start start) {
    blocking_loop loop;
    start(loop);
    run_loop(loop);
}

}  // namespace braid::detail
