#pragma once
// channel<T>: a queue between coroutines, bounded, so that a fast producer waits for a slow consumer. Several of both
// may use it, on several homes and plain threads.

#include <braid/core/detail/job_state.hpp>
#include <braid/sync/detail/ring.hpp>
#include <braid/sync/detail/waiter.hpp>

#include <cstddef>
#include <limits>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

namespace braid {

/// The capacity of a channel whose producers never wait. Its memory is bounded by nothing.
inline constexpr std::size_t unbounded = std::numeric_limits<std::size_t>::max();

/// First in, first out, and so are those who wait at either end.
/// Cancellation: a push that was cancelled has not delivered its value, a pop that was cancelled has not taken one;
/// a waiter that was served before it was cancelled returns normally. No value is lost or delivered twice.
/// Threads: any. Lifetime: it must outlive those who wait.
template <class T>
class channel {
    static_assert(
        std::is_nothrow_move_constructible_v<T>,
        "braid: a channel moves its values where nothing may fail: T needs a move constructor that is noexcept");
    class push_operation;
    class pop_operation;
    struct push_awaitable;
    struct pop_awaitable;

public:
    /// With capacity 0 each push waits until a pop takes its value.
    explicit channel(std::size_t capacity) noexcept : capacity_(capacity) {}
    channel(const channel&) = delete;
    channel& operator=(const channel&) = delete;

    /// `co_await ch.push(v)` waits while the channel is full.
    /// Throws: `closed`, also when the channel is closed while it waits; the value is gone then.
    [[nodiscard]] push_awaitable push(T value) noexcept { return {*this, std::move(value)}; }
    /// `co_await ch.pop()` waits while it is empty, and gives an empty optional once it is closed and drained.
    [[nodiscard]] pop_awaitable pop() noexcept { return {*this}; }

    /// False when it is full: then the value stays with the caller. Throws: `closed`.
    [[nodiscard]] bool try_push(T&& value);
    [[nodiscard]] bool try_push(const T& value)
        requires std::is_copy_constructible_v<T>
    {
        return try_push(T(value));
    }
    /// Empty when nothing is there.
    [[nodiscard]] std::optional<T> try_pop() noexcept;

    /// For plain threads.
    void push_blocking(T value);
    std::optional<T> pop_blocking();

    /// Nothing more goes in; what is in comes out. Wakes everyone who waits. Twice: no effect.
    void close() noexcept;

    [[nodiscard]] bool is_closed() const noexcept {
        return locked([this] { return closed_; });
    }
    /// Values inside, without those of producers that wait: a snapshot.
    [[nodiscard]] std::size_t size() const noexcept {
        return locked([this] { return values_.size(); });
    }
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

private:
    struct producer;
    struct consumer;
    class blocked_producer;
    class blocked_consumer;
    enum class pushed : unsigned char { now, later, refused };

    template <class F>
    auto locked(F f) const noexcept {
        const std::lock_guard lock(mutex_);
        return f();
    }
    [[noreturn]] static void throw_closed() {
        throw closed("a value was pushed into a channel that is closed: nobody would ever take it out");
    }

    bool deliver(T& value, consumer*& served);
    bool fetch(std::optional<T>& to, producer*& served) noexcept;
    pushed push_or_queue(producer& p);
    bool pop_or_queue(consumer& c) noexcept;

    const std::size_t capacity_;
    mutable std::mutex mutex_;
    // All under mutex_. Consumers wait only while it is empty, producers only while it is full.
    detail::ring<T> values_;
    detail::wait_queue<producer> producers_;
    detail::wait_queue<consumer> consumers_;
    bool closed_ = false;
};

}  // namespace braid

#include <braid/sync/detail/channel_body.hpp>
