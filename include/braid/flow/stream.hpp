#pragma once
// stream<T>: a coroutine that gives many values, one each time it is asked: with `co_yield`. It may await in between.
//     while (auto item = co_await numbers.next()) use(*item);
//     auto texts = co_await std::move(numbers).filter(is_prime).map(to_text).take(10).collect();

#include <braid/core/detail/scoped.hpp>
#include <braid/core/task.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>
#include <vector>

namespace braid {

template <class T>
class stream;

namespace detail {

template <class T>
class next_awaiter;

/// What the implementation sees of any stream.
struct stream_access {
    template <class T>
    static auto handle(const stream<T>& s) noexcept;
    /// Appends the values that are there without asking the source again.
    template <class T>
    static void move_ready(const stream<T>& source, std::vector<T>& into);
};

/// Throws `usage_error` for a batch or a buffer of nothing.
void require_some(const char* what, std::size_t count);

/// What a function makes of the arguments: awaited, if it gives a task or something else that can be.
template <class Result>
struct value_called {
    using type = Result;
};
template <awaitable Result>
struct value_called<Result> {
    using type = await_result_t<Result>;
};
template <class F, class... Args>
using called_t = std::remove_cvref_t<typename value_called<std::invoke_result_t<F&, Args...>>::type>;

}  // namespace detail

/// A source of values that does nothing until it is asked, and no more than it is asked for. Move-only.
/// Like a task it runs on the home of whoever asks, and is cancelled with it.
/// Throws: `next` rethrows what the coroutine threw; after that, and after the last value, the stream is at its end.
/// Lifetime: a stream that is dropped early is cancelled: its `co_yield` throws `cancelled`, and what it does then is
/// seen through. Clean-up may await, under `shield`. As far as that needs no waiting it is done when the destructor
/// returns; the rest belongs to the enclosing scope, which ends only after it. Outside of coroutines the destructor
/// blocks. What clean-up throws is lost then: `stop` tells. A stream must not be dropped while a `next` is under way:
/// that ends the program. Threads: the home of its consumer only.
///
/// The adaptors take the stream over, and so need `std::move` for one that has a name. Functions are plain, or give a
/// task, which is awaited; what they throw comes out of `next`. Each adaptor is dropped, cancelled and awaited with its
/// sources.
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

    /// Ends the stream early and waits until its clean-up has been seen through. Throws: what that threw.
    task<> stop() &&;

    // --- adaptors

    /// `f(value)` for each value.
    template <class F>
    auto map(F f) && -> stream<detail::called_t<F, T>>;

    /// Those for which `keep(value)` is true; it gets a const reference.
    template <class F>
    stream<T> filter(F keep) &&;

    /// The first so many, and no more is asked of the source.
    stream<T> take(std::size_t count) &&;

    /// Vectors of so many values; the last may be shorter.
    stream<std::vector<T>> batch(std::size_t count) &&;

    /// The same, but a batch waits for its second and later values no longer than `within` since its first. The source
    /// runs ahead meanwhile, by at most one batch.
    template <class Rep, class Period>
    stream<std::vector<T>> batch(std::size_t count, std::chrono::duration<Rep, Period> within) &&;

    /// The same values, but the source runs ahead of the consumer by so many.
    stream<T> buffer(std::size_t count) &&;

    // --- ends

    /// `co_await std::move(s).collect()`: all values that are left.
    task<std::vector<T>> collect() &&;

    /// Calls `f(value)` for all values that are left, one after the other.
    template <class F>
    task<> for_each(F f) &&;

private:
    friend struct detail::stream_access;
    explicit stream(std::coroutine_handle<promise_type> coroutine) noexcept : coroutine_(coroutine) {}

    std::coroutine_handle<promise_type> coroutine_;
};

/// The values of all, as they come. Each source runs ahead by one value. The first that fails ends the others.
template <class T, class... More>
    requires(std::is_same_v<T, More> && ...)
stream<T> merge(stream<T> first, stream<More>... others);
template <class T>
stream<T> merge(std::vector<stream<T>> sources);

}  // namespace braid

#include <braid/flow/detail/stream_body.hpp>

#include <braid/flow/detail/adaptors.hpp>
#include <braid/flow/detail/run_ahead.hpp>
