#pragma once
// The implementation of channel<T>.

#include <braid/sync/channel.hpp>

namespace braid {

template <class T>
struct channel<T>::producer : detail::waiter {
    explicit producer(T v) noexcept : value(std::move(v)) {}
    T value;
    bool refused = false;  // the channel was closed; written before the wake-up

protected:
    ~producer() = default;
};

template <class T>
struct channel<T>::consumer : detail::waiter {
    std::optional<T> value;  // written before the wake-up

protected:
    ~consumer() = default;
};

// --- what happens under the lock

/// Puts the value where it goes next, if there is room. `served` is to be woken after unlocking.
template <class T>
bool channel<T>::deliver(T& value, consumer*& served) {
    served = consumers_.pop();
    if (served) {
        served->value.emplace(std::move(value));
        return true;
    }
    if (values_.size() >= capacity_) return false;
    values_.push(std::move(value));
    return true;
}

/// Takes the next value, if there is one; then the first producer that waits gets rid of its own.
template <class T>
bool channel<T>::fetch(std::optional<T>& to, producer*& served) noexcept {
    const bool buffered = !values_.empty();
    if (buffered) to.emplace(values_.pop());
    served = producers_.pop();
    if (!served) return buffered;
    if (buffered) {
        values_.push(std::move(served->value));
    } else {
        to.emplace(std::move(served->value));
    }
    return true;
}

// --- what locks

template <class T>
typename channel<T>::pushed channel<T>::push_or_queue(producer& p) {
    consumer* served = nullptr;
    {
        const std::lock_guard lock(mutex_);
        if (closed_) return pushed::refused;
        if (!deliver(p.value, served)) {
            producers_.push(p);
            return pushed::later;
        }
    }
    if (served) served->wake();
    return pushed::now;
}

template <class T>
bool channel<T>::pop_or_queue(consumer& c) noexcept {
    producer* served = nullptr;
    {
        const std::lock_guard lock(mutex_);
        if (!fetch(c.value, served) && !closed_) {
            consumers_.push(c);
            return false;
        }
    }
    if (served) served->wake();
    return true;
}

template <class T>
bool channel<T>::try_push(T&& value) {
    consumer* served = nullptr;
    {
        const std::lock_guard lock(mutex_);
        if (closed_) throw_closed();
        if (!deliver(value, served)) return false;
    }
    if (served) served->wake();
    return true;
}

template <class T>
std::optional<T> channel<T>::try_pop() noexcept {
    producer* served = nullptr;
    std::optional<T> value;
    {
        const std::lock_guard lock(mutex_);
        fetch(value, served);
    }
    if (served) served->wake();
    return value;
}

template <class T>
void channel<T>::close() noexcept {
    detail::list<producer> refused;
    detail::list<consumer> ended;
    {
        const std::lock_guard lock(mutex_);
        if (std::exchange(closed_, true)) return;
        producers_.move_to(refused);
        consumers_.move_to(ended);
    }
    while (producer* p = refused.pop_front()) {
        p->refused = true;
        p->wake();
    }
    detail::wake_all(ended);
}

// --- coroutines

template <class T>
class [[nodiscard]] channel<T>::push_operation : public detail::operation, private producer {
public:
    push_operation(channel& to, T v) noexcept : producer(std::move(v)), to_(to) {}

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        if (!enter(h)) return false;
        switch (to_.push_or_queue(*this)) {
            case pushed::refused: this->refused = true; return false;
            case pushed::now: return give_way_if_due();
            case pushed::later: break;
        }
        listen();
        return true;
    }
    void await_resume() const {
        throw_if_refused();
        if (stopped_) throw_cancelled();
        if (this->refused) throw_closed();
    }

private:
    void wake() noexcept override { complete(); }
    void on_cancel() noexcept override {
        stopped_ = to_.locked([this] { return to_.producers_.remove(*this); });
        if (stopped_) complete();
    }

    channel& to_;
    bool stopped_ = false;
};

template <class T>
class [[nodiscard]] channel<T>::pop_operation : public detail::operation, private consumer {
public:
    explicit pop_operation(channel& from) noexcept : from_(from) {}

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) noexcept {
        if (!enter(h)) return false;
        if (from_.pop_or_queue(*this)) return give_way_if_due();
        listen();
        return true;
    }
    std::optional<T> await_resume() {
        throw_if_refused();
        if (stopped_) throw_cancelled();
        return std::move(this->value);
    }

private:
    void wake() noexcept override { complete(); }
    void on_cancel() noexcept override {
        stopped_ = from_.locked([this] { return from_.consumers_.remove(*this); });
        if (stopped_) complete();
    }

    channel& from_;
    bool stopped_ = false;
};

template <class T>
struct [[nodiscard("push does nothing until it is awaited")]] channel<T>::push_awaitable {
    channel& to;
    T value;
    push_operation operator co_await() && noexcept { return push_operation(to, std::move(value)); }
};

template <class T>
struct [[nodiscard("pop does nothing until it is awaited")]] channel<T>::pop_awaitable {
    channel& from;
    pop_operation operator co_await() const noexcept { return pop_operation(from); }
};

// --- plain threads

template <class T>
class channel<T>::blocked_producer : public producer, public detail::thread_parker {
public:
    using producer::producer;
    void wake() noexcept override { unpark(); }
};

template <class T>
class channel<T>::blocked_consumer : public consumer, public detail::thread_parker {
public:
    void wake() noexcept override { unpark(); }
};

template <class T>
void channel<T>::push_blocking(T value) {
    detail::require_plain_thread("channel::push_blocking", "co_await push(value)");
    blocked_producer here(std::move(value));
    const pushed done = push_or_queue(here);
    if (done == pushed::later) here.wait();
    if (done == pushed::refused || here.refused) throw_closed();
}

template <class T>
std::optional<T> channel<T>::pop_blocking() {
    detail::require_plain_thread("channel::pop_blocking", "co_await pop()");
    blocked_consumer here;
    if (!pop_or_queue(here)) here.wait();
    return std::move(here.value);
}

}  // namespace braid
