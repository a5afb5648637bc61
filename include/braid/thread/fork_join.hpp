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
class [[nodiscard("children that are forked do not begin until they are awaited: write co_await")]] fork_tuple final
    : public fork_base {
public:
    explicit fork_tuple(task<Ts>&... children) noexcept : children_{adopt(children)...} {}
    ~fork_tuple() {
        for (const fork_child& child : children_) child.frame.destroy();
    }

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
        return begin(waiter, waiter.promise(), children_.data(), sizeof...(Ts));
    }
    std::tuple<value_or_monostate<Ts>...> await_resume() {
        check();
        return values(std::index_sequence_for<Ts...>());
    }

private:
    template <std::size_t... I>
    std::tuple<value_or_monostate<Ts>...> values(std::index_sequence<I...>) {
        return std::tuple<value_or_monostate<Ts>...>{value<Ts>(children_[I])...};
    }
    template <class T>
    static value_or_monostate<T> value(const fork_child& child) {
        if constexpr (std::is_void_v<T>) {
            promise_of<T>(child).take();
            return {};
        } else {
            return promise_of<T>(child).take();
        }
    }
    std::exception_ptr error_of_child(promise_base& failed) const noexcept override {
        std::exception_ptr error;
        std::size_t i = 0;
        const auto look = [&]<class T>(std::type_identity<T>) {
            const fork_child& child = children_[i++];
            if (child.promise == &failed) error = promise_of<T>(child).error();
        };
        (look(std::type_identity<Ts>()), ...);
        return error;
    }

    std::array<fork_child, sizeof...(Ts)> children_;
};

/// Any number of children of one type. They lie in recycled memory.
template <class T, class Values>
class [[nodiscard("children that are forked do not begin until they are awaited: write co_await")]] fork_range final
    : public fork_base {
public:
    template <class Tasks>
    explicit fork_range(Tasks& children) : size_(children.size()) {
        if (size_ == 0) return;
        children_ = static_cast<fork_child*>(allocate_frame(size_ * sizeof(fork_child)));
        for (std::size_t i = 0; i < size_; ++i) std::construct_at(&children_[i], adopt(children[i]));
    }
    ~fork_range() {
        for (std::size_t i = 0; i < size_; ++i) children_[i].frame.destroy();
        if (children_) release_frame(children_, size_ * sizeof(fork_child));
    }

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
        return begin(waiter, waiter.promise(), children_, static_cast<unsigned>(size_));
    }
    Values await_resume() {
        check();
        if constexpr (requires { std::tuple_size<Values>::value; }) {
            return values(std::make_index_sequence<std::tuple_size_v<Values>>());
        } else if constexpr (!std::is_void_v<Values>) {
            Values all;
            all.reserve(size_);
            for (std::size_t i = 0; i < size_; ++i) all.push_back(promise_of<T>(children_[i]).take());
            return all;
        }
    }

private:
    template <std::size_t... I>
    auto values(std::index_sequence<I...>) {
        return Values{promise_of<T>(children_[I]).take()...};
    }
    std::exception_ptr error_of_child(promise_base& child) const noexcept override {
        return static_cast<typename task<T>::promise_type&>(child).error();
    }

    std::size_t size_;
    fork_child* children_ = nullptr;
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
    return detail::fork_range<T, values>(children);
}

template <class T>
auto fork_join(std::vector<task<T>> children) {
    using values = std::conditional_t<std::is_void_v<T>, void, std::vector<detail::value_or_monostate<T>>>;
    return detail::fork_range<T, values>(children);
}

}  // namespace braid
