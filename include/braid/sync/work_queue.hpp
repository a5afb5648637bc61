#pragma once
// work_queue<T>: a channel of work whose end can be awaited: each item counts until whoever took it is done with it.

#include <braid/sync/channel.hpp>

#include <cstddef>
#include <optional>
#include <utility>

namespace braid {

namespace detail {

/// How much work is in a queue or in somebody's hands.
class pending_work {
public:
    struct waiting;

    void add() noexcept;
    void remove() noexcept;
    [[nodiscard]] std::size_t count() const noexcept;
    queued<waiting> none() noexcept;
    void wait_none_blocking();
    [[noreturn]] static void throw_done_twice();

private:
    mutable waiting_room<> room_;
    std::size_t count_ = 0;  // inside room_
};

struct pending_work::waiting {
    pending_work* what;

    using node = waiter;
    bool take(node* to_queue) const noexcept;
    bool forget(node& w) const noexcept { return what->room_.leave(w); }
    void result() const noexcept {}
};

inline queued<pending_work::waiting> pending_work::none() noexcept { return queued(waiting{this}); }

}  // namespace detail

/// First in, first out. Whoever works on an item may push further ones: it is not drained before they are done, too.
/// Cancellation: as for `channel`. Threads: any. Lifetime: it must outlive its items and those who wait.
template <class T>
class work_queue {
    struct pushing;
    struct popping;

public:
    /// An item that somebody has taken: done at the end of its scope, or when `done` is called.
    class [[nodiscard("an item that is dropped is marked done: keep it while it is worked on")]] item {
    public:
        item(item&& other) noexcept : from_(std::exchange(other.from_, nullptr)), value_(std::move(other.value_)) {}
        item& operator=(item&&) = delete;
        ~item() {
            if (from_) from_->remove();
        }

        [[nodiscard]] T& operator*() noexcept { return value_; }
        [[nodiscard]] const T& operator*() const noexcept { return value_; }
        [[nodiscard]] T* operator->() noexcept { return &value_; }
        [[nodiscard]] const T* operator->() const noexcept { return &value_; }

        /// Throws: `usage_error` the second time, and when it was moved away.
        void done() {
            if (!from_) detail::pending_work::throw_done_twice();
            std::exchange(from_, nullptr)->remove();
        }

    private:
        friend class work_queue;
        item(detail::pending_work& from, T&& value) noexcept : from_(&from), value_(std::move(value)) {}

        detail::pending_work* from_;
        T value_;
    };

    explicit work_queue(std::size_t capacity = unbounded) noexcept : values_(capacity) {}

    /// `co_await q.push(v)` waits while the queue is full. Throws: `closed`.
    detail::queued<pushing> push(T value) noexcept;
    /// `co_await q.pop()` gives an optional `item`, empty once the queue is closed and nothing is left in it.
    detail::queued<popping> pop() noexcept;

    /// False when it is full. Throws: `closed`.
    [[nodiscard]] bool try_push(T value);
    /// Empty when nothing is there.
    [[nodiscard]] std::optional<item> try_pop() noexcept { return as_item(values_.try_pop()); }

    /// For plain threads.
    void push_blocking(T value);
    std::optional<item> pop_blocking() { return as_item(values_.pop_blocking()); }

    /// `co_await q.drained()` waits until every item that was pushed, or is being pushed, is done.
    [[nodiscard]] auto drained() noexcept { return pending_.none(); }
    void drained_blocking() { pending_.wait_none_blocking(); }
    /// Items that are not done: a snapshot.
    [[nodiscard]] std::size_t pending() const noexcept { return pending_.count(); }

    /// Nothing more goes in; what is in comes out.
    void close() noexcept { values_.close(); }
    [[nodiscard]] bool is_closed() const noexcept { return values_.is_closed(); }

private:
    std::optional<item> as_item(std::optional<T> value) noexcept {
        if (!value) return std::nullopt;
        return item(pending_, std::move(*value));
    }

    channel<T> values_;
    detail::pending_work pending_;
};

// Implementation

/// Counted before it can be popped, and not any more when it does not get in.
template <class T>
struct work_queue<T>::pushing : channel<T>::pushing {
    using in_channel = typename channel<T>::pushing;
    using node = typename in_channel::node;

    pushing(work_queue& q, T&& v) noexcept : in_channel(q.values_, std::move(v)), queue(&q) {}

    work_queue* queue;
    bool counted = false;

    bool take(node* to_queue) {
        if (!std::exchange(counted, true)) queue->pending_.add();
        try {
            return in_channel::take(to_queue);
        } catch (...) {  // no memory
            queue->pending_.remove();
            throw;
        }
    }
    bool forget(node& w) noexcept {
        const bool left = in_channel::forget(w);
        if (left) queue->pending_.remove();
        return left;
    }
    void result() const {
        if (this->refused) queue->pending_.remove();
        in_channel::result();
    }
};

template <class T>
struct work_queue<T>::popping : channel<T>::popping {
    using in_channel = typename channel<T>::popping;

    explicit popping(work_queue& q) noexcept : in_channel(q.values_), queue(&q) {}

    work_queue* queue;

    std::optional<item> result() noexcept { return queue->as_item(in_channel::result()); }
};

template <class T>
detail::queued<typename work_queue<T>::pushing> work_queue<T>::push(T value) noexcept {
    return detail::queued(pushing(*this, std::move(value)));
}

template <class T>
detail::queued<typename work_queue<T>::popping> work_queue<T>::pop() noexcept {
    return detail::queued(popping(*this));
}

template <class T>
bool work_queue<T>::try_push(T value) {
    pushing p(*this, std::move(value));
    if (p.take(nullptr)) {
        p.result();
        return true;
    }
    pending_.remove();
    return false;
}

template <class T>
void work_queue<T>::push_blocking(T value) {
    detail::wait_blocking(pushing(*this, std::move(value)), "work_queue::push_blocking", "co_await push(value)");
}

}  // namespace braid
