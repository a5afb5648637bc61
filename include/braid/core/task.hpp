#pragma once
// task<T>: the return type of a coroutine. Calling one builds it; `co_await` runs it and gives its value or
// rethrows its exception. A task runs on the home of whoever awaits it and is cancelled with it.

#include <braid/core/await_chain.hpp>
#include <braid/core/detail/environment.hpp>
#include <braid/core/detail/frame_memory.hpp>
#include <braid/core/outcome.hpp>

#include <concepts>
#include <coroutine>
#include <source_location>
#include <type_traits>
#include <utility>

namespace braid {

namespace detail {
/// Found by argument-dependent lookup for what braid has to await: that brings a task back to its home and can be
/// cancelled. Anybody else's awaiter would resume the task wherever it is.
template <class T>
std::true_type of_braid(const T*);
}  // namespace detail
using detail::of_braid;  // for what lies in this namespace

/// A coroutine that has not begun yet. It is lazy, awaited once, and owns its frame: a task that is dropped
/// without being awaited never ran.
/// Arguments that the coroutine takes by reference must live until it is done: `co_await f(x)` sees to that,
/// keeping the task for later does not.
template <class T = void>
class [[nodiscard("a task does nothing until it is awaited: write co_await, or start it in a task_group")]] task {
public:
    class promise_type;
    using value_type = T;

    task(task&& other) noexcept : coroutine_(std::exchange(other.coroutine_, {})) {}
    task& operator=(task&& other) noexcept {
        std::swap(coroutine_, other.coroutine_);
        return *this;
    }
    ~task() {
        if (coroutine_) coroutine_.destroy();
    }

    auto operator co_await() && noexcept;

private:
    friend struct task_access;
    explicit task(std::coroutine_handle<promise_type> coroutine) noexcept : coroutine_(coroutine) {}

    std::coroutine_handle<promise_type> coroutine_;
};

// Implementation

namespace detail {

template <class T>
struct is_task : std::false_type {};
template <class T>
struct is_task<task<T>> : std::true_type {};

/// The end of a coroutine that is awaited: hands over to whoever awaits it.
struct hand_back {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> coroutine) const noexcept {
        promise_base& p = coroutine.promise();
        if (p.started_inline) {
            p.done_inline = true;  // its await_suspend is below us on the stack, and goes on by itself
        } else if (p.forked) [[unlikely]] {
            auto& waiting = static_cast<fork_environment&>(*p.env);
            waiting.child_ended(waiting, p);
        } else if (p.continuation) [[likely]] {
            this_driver.next = p.continuation;
        } else {
            p.env->first_ended(*p.env);
        }
    }
    void await_resume() const noexcept {}
};

/// Levels of awaits that may lie on the stack between two unwindings to the driver.
inline constexpr unsigned levels_on_the_stack = 16;

/// Starts or hands over to `child` for `parent`. A child begins on the stack of its parent, which costs less than
/// any hand-over; every few levels the stack is unwound to the driver first. To be returned from await_suspend.
template <class Promise>
bool begin_child(std::coroutine_handle<Promise> child, std::coroutine_handle<> parent, environment& env,
                 unsigned depth) noexcept {
    promise_base& p = child.promise();
    p.continuation = parent;
    p.env = &env;
    p.depth = depth + 1;
    if (p.depth % levels_on_the_stack == 0) {
        this_driver.next = child;
        return true;
    }
    p.started_inline = true;
    child.resume();
    if (p.done_inline) return false;
    p.started_inline = false;
    return true;
}

/// How a task awaits what is not braid's: specialised, by a header of its own, for what can be brought back home and be
/// cancelled. Made from a reference to it, with an `operator co_await`.
template <class Foreign>
struct await_adapter;

template <class A>
concept adapted = !std::is_lvalue_reference_v<A> && requires { sizeof(await_adapter<A>); };

template <class A>
decltype(auto) get_awaiter(A&& awaitable) {
    if constexpr (adapted<A>) {
        return await_adapter<A>{awaitable}.operator co_await();
    } else if constexpr (requires { std::forward<A>(awaitable).operator co_await(); }) {
        return std::forward<A>(awaitable).operator co_await();
    } else if constexpr (requires { operator co_await(std::forward<A>(awaitable)); }) {
        return operator co_await(std::forward<A>(awaitable));
    } else {
        return std::forward<A>(awaitable);
    }
}

namespace lookup {
void of_braid();  // hides the other from all but argument-dependent lookup
template <class T>
concept finds = requires { of_braid(static_cast<std::remove_reference_t<T>*>(nullptr)); };
}  // namespace lookup

template <class A>
concept home_awaitable =
    lookup::finds<A> || requires { requires lookup::finds<decltype(detail::get_awaiter(std::declval<A>()))>; };

/// An awaiter that stays where it is. GCC 12 copies what await_transform returns, references included.
template <class Awaiter>
struct referred_awaiter {
    Awaiter& awaiter;
    bool await_ready() const { return awaiter.await_ready(); }
    template <class Promise>
    auto await_suspend(std::coroutine_handle<Promise> waiter) const {
        return awaiter.await_suspend(waiter);
    }
    decltype(auto) await_resume() const { return awaiter.await_resume(); }
};

/// What the promise of every coroutine has that can await.
struct awaiting_promise : promise_base, recycled_frame {
    std::suspend_always initial_suspend() const noexcept { return {}; }

    template <class A>
    decltype(auto) await_transform(A&& awaited, std::source_location here = std::source_location::current()) noexcept {
        where = here;
        static_assert(!std::is_lvalue_reference_v<A> || !is_task<std::remove_cvref_t<A>>::value,
                      "braid: a task is awaited once, which uses it up: write co_await std::move(it)");
        static_assert(
            home_awaitable<A>,
            "braid: this cannot be awaited in a task, which it could neither cancel nor bring back to its "
            "executor. An Asio operation takes braid::use_task as its completion token; an asio::awaitable needs "
            "#include <braid/core/asio_awaitable.hpp>, and std::move if it has a name");
        if constexpr (adapted<A>) {
            return await_adapter<A>{awaited};
        } else if constexpr (requires { awaited.await_ready(); }) {
            return referred_awaiter<std::remove_reference_t<A>>{awaited};
        } else {
            return detail::get_awaiter(std::forward<A>(awaited));
        }
    }
};

template <class T>
struct task_awaiter {
    std::coroutine_handle<typename task<T>::promise_type> child;

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> parent) const noexcept {
        promise_base& p = parent.promise();
        return begin_child(child, parent, *p.env, p.depth);
    }
    T await_resume() const { return child.promise().take(); }
};

}  // namespace detail

/// Gives the library's own combinators the frame of a task.
struct task_access {
    template <class T>
    static std::coroutine_handle<typename task<T>::promise_type> handle(task<T>& t) noexcept {
        return t.coroutine_;
    }
    /// From now on the frame is the caller's.
    template <class T>
    static std::coroutine_handle<typename task<T>::promise_type> release(task<T>& t) noexcept {
        return std::exchange(t.coroutine_, {});
    }
    /// Of the coroutine of a `task<T>`.
    template <class T>
    static typename task<T>::promise_type& promise(std::coroutine_handle<> h) noexcept {
        return std::coroutine_handle<typename task<T>::promise_type>::from_address(h.address()).promise();
    }
    template <class T>
    static task<T> make(std::coroutine_handle<typename task<T>::promise_type> h) noexcept {
        return task<T>(h);
    }
};

template <class T>
class task<T>::promise_type : public detail::awaiting_promise, public detail::result_slot<T> {
public:
    task get_return_object(std::source_location here = std::source_location::current()) noexcept {
        this->where = here;
        return task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    detail::hand_back final_suspend() const noexcept { return {}; }
    void unhandled_exception() noexcept {
        this->failed = true;
        this->set_error(detail::leaving(this->where));
    }
};

template <class T>
auto task<T>::operator co_await() && noexcept {
    return detail::task_awaiter<T>{coroutine_};
}

/// What `co_await` of an `A` gives.
template <class A>
using await_result_t = decltype(std::declval<decltype(detail::get_awaiter(std::declval<A>()))&>().await_resume());

/// Something that can be awaited in a task.
template <class A>
concept awaitable = requires(A a) { detail::get_awaiter(std::move(a)).await_ready(); };

}  // namespace braid
