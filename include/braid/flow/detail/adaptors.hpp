#pragma once
// The adaptors of stream<T> that work step by step, as the consumer asks.

#include <braid/flow/stream.hpp>

namespace braid {

namespace detail {

template <class F, class... Args>
inline constexpr bool call_is_awaited = awaitable<std::invoke_result_t<F&, Args...>>;

template <class T, class F>
stream<called_t<F, T>> map_stream(stream<T> source, F f) {
    while (auto value = co_await source.next()) {
        if constexpr (call_is_awaited<F, T>) {
            auto mapped = co_await std::invoke(f, *std::move(value));
            co_yield std::move(mapped);
        } else {
            co_yield std::invoke(f, *std::move(value));
        }
    }
}

template <class T, class F>
stream<T> filter_stream(stream<T> source, F keep) {
    while (auto value = co_await source.next()) {
        bool kept = false;
        if constexpr (call_is_awaited<F, const T&>) {
            kept = co_await std::invoke(keep, std::as_const(*value));
        } else {
            kept = std::invoke(keep, std::as_const(*value));
        }
        if (kept) co_yield *std::move(value);
    }
}

template <class T>
stream<T> take_from_stream(stream<T> source, std::size_t count) {
    for (; count != 0; --count) {
        auto value = co_await source.next();
        if (!value) co_return;
        co_yield *std::move(value);
    }
    co_await std::move(source).stop();
}

template <class T>
stream<std::vector<T>> batches_of_stream(stream<T> source, std::size_t count) {
    std::vector<T> batch;
    while (auto value = co_await source.next()) {
        batch.push_back(*std::move(value));
        if (batch.size() == count) co_yield std::exchange(batch, {});
    }
    if (!batch.empty()) co_yield std::move(batch);
}

template <class T>
task<std::vector<T>> collect_all(stream<T> source) {
    std::vector<T> values;
    while (auto value = co_await source.next()) {
        values.push_back(*std::move(value));
        stream_access::move_ready(source, values);
    }
    co_return values;
}

template <class T, class F>
task<> call_for_each(stream<T> source, F f) {
    while (auto value = co_await source.next()) {
        if constexpr (call_is_awaited<F, T>) {
            co_await std::invoke(f, *std::move(value));
        } else {
            std::invoke(f, *std::move(value));
        }
    }
}

}  // namespace detail

template <class T>
template <class F>
auto stream<T>::map(F f) && -> stream<detail::called_t<F, T>> {
    BRAID_REQUIRE_SAFE_CALLABLE(F);
    return detail::map_stream(std::move(*this), std::move(f));
}

template <class T>
template <class F>
stream<T> stream<T>::filter(F keep) && {
    BRAID_REQUIRE_SAFE_CALLABLE(F);
    return detail::filter_stream(std::move(*this), std::move(keep));
}

template <class T>
stream<T> stream<T>::take(std::size_t count) && {
    return detail::take_from_stream(std::move(*this), count);
}

template <class T>
stream<std::vector<T>> stream<T>::batch(std::size_t count) && {
    detail::require_some("a batch", count);
    return detail::batches_of_stream(std::move(*this), count);
}

template <class T>
task<std::vector<T>> stream<T>::collect() && {
    return detail::collect_all(std::move(*this));
}

template <class T>
template <class F>
task<> stream<T>::for_each(F f) && {
    BRAID_REQUIRE_SAFE_CALLABLE(F);
    return detail::call_for_each(std::move(*this), std::move(f));
}

}  // namespace braid
