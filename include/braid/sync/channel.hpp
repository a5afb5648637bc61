#pragma once
// channel<T>: a queue between coroutines, bounded, so that a fast producer waits for a slow consumer. Several of both
// may use it, on several homes and plain threads.

#include <braid/core/error.hpp>
#include <braid/sync/detail/queued.hpp>
#include <braid/sync/detail/ring.hpp>

#include <cstddef>
#include <limits>
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
    struct pushing;
    struct popping;

public:
    /// With capacity 0 each push waits until a pop takes its value.
    explicit channel(std::size_t capacity) noexcept : capacity_(capacity) {}
    channel(const channel&) = delete;
    channel& operator=(const channel&) = delete;
    ~channel();

    /// `co_await ch.push(v)` waits while the channel is full.
    /// Throws: `closed`, also when the channel is closed while it waits; the value is gone then.
    detail::queued<pushing> push(T value) noexcept;
    /// `co_await ch.pop()` waits while it is empty, and gives an empty optional once it is closed and drained.
    detail::queued<popping> pop() noexcept;

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

    [[nodiscard]] bool is_closed() const noexcept;
    /// Values inside, without those of producers that wait: a snapshot.
    [[nodiscard]] std::size_t size() const noexcept;
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

private:
    template <class>
    friend class work_queue;
    struct producer;
    struct consumer;
    class both_ends;

    [[noreturn]] static void throw_closed() {
        throw closed("a value was pushed into a channel that is closed: nobody would ever take it out");
    }
    bool take_in_at_once(T& value) noexcept;
    bool give_out_at_once(std::optional<T>& to) noexcept;
    // Apart, so that what is done at once is short enough to be inlined.
    [[gnu::noinline]] bool take_in(T& value, bool& refused, producer* to_queue);
    [[gnu::noinline]] bool give_out(std::optional<T>& to, consumer* to_queue) noexcept;

    const std::size_t capacity_;
    // Each end has a lock, so that they get on with their work side by side; a home that is alone here needs neither.
    mutable detail::bias favour_;
    detail::ring<T> values_;
    mutable detail::short_mutex push_end_;
    [[maybe_unused]] detail::cache_gap gap_;
    mutable detail::short_mutex pop_end_;
    [[maybe_unused]] detail::cache_gap further_gap_;
    // Change with both locks, may be read with one. Consumers wait only while it is empty, producers only while it is
    // full: whoever finds somebody waiting takes both locks.
    detail::wait_queue<producer> producers_;
    detail::wait_queue<consumer> consumers_;
    bool closed_ = false;
};

}  // namespace braid

#include <braid/sync/detail/channel_body.hpp>
