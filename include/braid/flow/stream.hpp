#pragma once
// stream<T>: a coroutine that gives many values, one each time it is asked: with `co_yield`. It may await in between.
//     while (auto item = co_await numbers.next()) use(*item);

#include <braid/core/task.hpp>

#include <exception>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>
#include <vector>

namespace braid {

namespace detail {

template <class T>
class next_awaiter;

[[noreturn]] void stream_destroyed_while_asked() noexcept;

}  // namespace detail

/// A source of values that does nothing until it is asked, and no more than it is asked for. Move-only.
/// Like a task it runs on the home of whoever asks, and is cancelled with it.
/// Throws: `next` rethrows what the coroutine threw; after that, and after the last value, the stream is at its end.
/// Lifetime: dropping a stream early destroys its locals; jobs among them are cancelled and end before the
/// enclosing scope does. It must not be dropped while a `next` is under way: that ends the program.
/// Threads: the home of its consumer only.
template <class T>
class [[nodiscard("a stream does nothing until it is asked for its next value")]] stream {
    static_assert(std::is_object_v<T> && !std::is_const_v<T>,
                  "braid: a stream gives objects; for references use stream<std::reference_wrapper<T>>");

public:
    class promise_type;
    using value_type = T;

    stream(stream&& other) noexcept : coroutine_(std::exchange(other.coroutine_, {})) {}
    stream& operator=(stream&& other) noexcept {
        std::swap(coroutine_, other.coroutine_);
        return *this;
    }
    ~stream();

    /// `co_await s.next()`: the next value, or an empty optional at the end, and ever after.
    /// Throws: what the coroutine threw; `usage_error` when another `next` is under way.
    [[nodiscard]] detail::next_awaiter<T> next() noexcept;

    /// `co_await std::move(s).collect()`: all values that are left.
    task<std::vector<T>> collect() &&;

private:
    explicit stream(std::coroutine_handle<promise_type> coroutine) noexcept : coroutine_(coroutine) {}

    std::coroutine_handle<promise_type> coroutine_;
};

// Implementation

template <class T>
class stream<T>::promise_type : public detail::awaiting_promise {
public:
    stream get_return_object(std::source_location here = std::source_location::current()) noexcept {
        this->where = here;
        return stream(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    detail::hand_back final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() noexcept { error_ = detail::leaving(this->where); }

    template <class U>
        requires std::is_constructible_v<T, U&&>
    detail::hand_back yield_value(U&& value) {
        value_.emplace(std::forward<U>(value));
        return {};
    }

private:
    friend class stream;
    friend class detail::next_awaiter<T>;

    std::optional<T> value_;
    std::exception_ptr error_;
    bool asked_ = false;  // a next is under way
};

template <class T>
stream<T>::~stream() {
    if (!coroutine_) return;
    if (coroutine_.promise().asked_) detail::stream_destroyed_while_asked();
    coroutine_.destroy();
}

namespace detail {

template <class T>
class [[nodiscard("next does nothing until it is awaited")]] next_awaiter {
public:
    explicit next_awaiter(std::coroutine_handle<typename stream<T>::promise_type> source) noexcept : source_(source) {}

    bool await_ready() const noexcept { return !source_ || source_.done() || source_.promise().asked_; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> consumer) noexcept {
        auto& p = source_.promise();
        asks_ = p.asked_ = true;
        // As for a new child: nothing is left of how the last value was handed back.
        p.started_inline = p.done_inline = false;
        const promise_base& c = consumer.promise();
        return begin_child(source_, consumer, *c.env, c.depth);
    }
    std::optional<T> await_resume() {
        if (!asks_) {
            if (source_ && !source_.done())
                throw usage_error("next was called on a stream while another next is under way");
            return std::nullopt;
        }
        auto& p = source_.promise();
        p.asked_ = false;
        if (p.error_) std::rethrow_exception(std::exchange(p.error_, nullptr));
        return std::exchange(p.value_, std::nullopt);
    }

private:
    std::coroutine_handle<typename stream<T>::promise_type> source_;
    bool asks_ = false;
};

template <class T>
task<std::vector<T>> collect_all(stream<T> source) {
    std::vector<T> values;
    while (auto value = co_await source.next()) values.push_back(*std::move(value));
    co_return values;
}

}  // namespace detail

template <class T>
detail::next_awaiter<T> stream<T>::next() noexcept {
    return detail::next_awaiter<T>(coroutine_);
}

template <class T>
task<std::vector<T>> stream<T>::collect() && {
    return detail::collect_all(std::move(*this));
}

}  // namespace braid
