#pragma once
// fork_join: divide and conquer on the threads of a pool.
//     task<long> fib(int n) {
//         if (n < 2) co_return n;
//         auto [a, b] = co_await fork_join(fib(n - 1), fib(n - 2));
//         co_return a + b;
//     }
//     long answer = co_await start_on(pool, fib, 30);

#include <braid/thread/detail/fork.hpp>

#include <array>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace braid {

/// Runs tasks that may go on at the same time, on other threads of the pool on which the caller lives (see `start_on`),
/// and gives their values: as a tuple, in the order of the arguments (`std::monostate` for void).
/// The only place where coroutines of one parent share data across threads: what the children read must not change
/// meanwhile, and what they write must be their own, or be guarded. A child that is not stolen runs on the caller's
/// home; one that is stolen has the thief as its home, from its beginning to its end. Begun last to first.
/// Throws: the first failure, once all children have ended; the others are cancelled, and those not begun never run.
/// Cancellation: reaches every child. Forks of a computation that awaits nothing else are where it is noticed.
/// Outside of a pool the children share the caller's home, and the next begins when one ends or suspends.
/// Threads: any coroutine.
template <class... Ts>
    requires(sizeof...(Ts) > 0)
auto fork_join(task<Ts>... children);

/// The same for children of one type: gives an array of their values (nothing for void). Make the array before the
/// co_await, not in it: GCC 12 destroys such temporaries twice.
template <class T, std::size_t N>
auto fork_join(std::array<task<T>, N> children);

/// The same for any number of them: gives a vector.
template <class T>
auto fork_join(std::vector<task<T>> children);

// Implementation

namespace detail {

template <class... Ts>
class [[nodiscard]] fork_tuple final : public fork_base {
public:
    explicit fork_tuple(task<Ts>&... children) noexcept : children_(std::move(children)...) {}

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
        promise_base& caller = waiter.promise();
        std::apply([&](task<Ts>&... child) { promises_ = {prepare(task_access::handle(child), caller.depth)...}; },
                   children_);
        return begin(waiter, caller, promises_.data(), sizeof...(Ts));
    }
    std::tuple<value_or_monostate<Ts>...> await_resume() {
        check();
        return std::apply([](task<Ts>&... child) { return std::tuple<value_or_monostate<Ts>...>{take(child)...}; },
                          children_);
    }

private:
    template <class T>
    static value_or_monostate<T> take(task<T>& child) {
        if constexpr (std::is_void_v<T>) {
            task_access::handle(child).promise().take();
            return {};
        } else {
            return task_access::handle(child).promise().take();
        }
    }
    std::exception_ptr error_of_child(promise_base& child) const noexcept override {
        std::exception_ptr error;
        const auto look = [&]<class T>(const task<T>&) {
            using promise = typename task<T>::promise_type;
            error = static_cast<const promise&>(child).error();
        };
        std::size_t i = 0;
        std::apply([&](const task<Ts>&... each) { ((promises_[i++] == &child ? look(each) : void()), ...); },
                   children_);
        return error;
    }

    std::tuple<task<Ts>...> children_;
    std::array<promise_base*, sizeof...(Ts)> promises_;
};

/// Children of one type, in an array or a vector.
template <class T, class Tasks, class Promises, class Values>
class [[nodiscard]] fork_range final : public fork_base {
public:
    explicit fork_range(Tasks children) noexcept : children_(std::move(children)) {}

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiter) {
        promise_base& caller = waiter.promise();
        if constexpr (requires { promises_.resize(1); }) promises_.resize(children_.size());
        for (std::size_t i = 0; i < children_.size(); ++i) {
            promises_[i] = prepare(task_access::handle(children_[i]), caller.depth);
        }
        return begin(waiter, caller, promises_.data(), static_cast<unsigned>(children_.size()));
    }
    Values await_resume() {
        check();
        if constexpr (!std::is_void_v<T>) {
            return values(std::make_index_sequence<sizes<Tasks>::value>());
        }
    }

private:
    template <class>
    struct sizes : std::integral_constant<std::size_t, 0> {};
    template <class E, std::size_t N>
    struct sizes<std::array<E, N>> : std::integral_constant<std::size_t, N> {};

    template <std::size_t... I>
    Values values(std::index_sequence<I...>) {
        if constexpr (sizeof...(I) != 0) {
            return Values{task_access::handle(children_[I]).promise().take()...};
        } else {
            Values all;
            all.reserve(children_.size());
            for (task<T>& child : children_) all.push_back(task_access::handle(child).promise().take());
            return all;
        }
    }
    std::exception_ptr error_of_child(promise_base& child) const noexcept override {
        return static_cast<const typename task<T>::promise_type&>(child).error();
    }

    Tasks children_;
    Promises promises_;
};

}  // namespace detail

template <class... Ts>
    requires(sizeof...(Ts) > 0)
auto fork_join(task<Ts>... children) {
    return detail::fork_tuple<Ts...>(children...);
}

template <class T, std::size_t N>
auto fork_join(std::array<task<T>, N> children) {
    using values = std::conditional_t<std::is_void_v<T>, void, std::array<detail::value_or_monostate<T>, N>>;
    return detail::fork_range<T, std::array<task<T>, N>, std::array<detail::promise_base*, N>, values>(
        std::move(children));
}

template <class T>
auto fork_join(std::vector<task<T>> children) {
    using values = std::conditional_t<std::is_void_v<T>, void, std::vector<detail::value_or_monostate<T>>>;
    return detail::fork_range<T, std::vector<task<T>>, std::vector<detail::promise_base*>, values>(std::move(children));
}

}  // namespace braid
