#pragma once
// The implementation of channel<T>.

#include <braid/sync/channel.hpp>

#include <mutex>

namespace braid {

template <class T>
struct channel<T>::producer : detail::waiter {
    T* value = nullptr;
    bool* refused = nullptr;  // written before the wake-up

protected:
    ~producer() = default;
};

template <class T>
struct channel<T>::consumer : detail::waiter {
    std::optional<T>* value = nullptr;  // written before the wake-up

protected:
    ~consumer() = default;
};

/// Inside both ends: nobody else is in the channel.
template <class T>
class channel<T>::both_ends {
public:
    explicit both_ends(const channel& c) noexcept : pop_end_(c.favour_, c.pop_end_), push_end_(c.push_end_, pop_end_) {}

private:
    const detail::section pop_end_;
    const detail::further_lock push_end_;
};

// --- what is waited for

// They are moved member by member: a processor stalls when it reads as one what was just written in parts.

template <class T>
struct channel<T>::pushing {
    pushing(channel& c, T&& v) noexcept : into(&c), value(std::move(v)) {}
    pushing(pushing&& other) noexcept : into(other.into), value(std::move(other.value)) {}

    channel* into;
    T value;
    bool refused = false;  // the channel was closed

    using node = producer;
    bool take(node* to_queue) {
        return (!to_queue && into->take_in_at_once(value)) || into->take_in(value, refused, to_queue);
    }
    bool forget(node& w) noexcept {
        const both_ends inside(*into);
        return into->producers_.remove(w);
    }
    void result() const {
        if (refused) throw_closed();
    }
};

template <class T>
struct channel<T>::popping {
    explicit popping(channel& c) noexcept : from(&c) {}
    popping(popping&& other) noexcept : from(other.from) {}

    channel* from;
    std::optional<T> value;

    using node = consumer;
    bool take(node* to_queue) noexcept {
        return (!to_queue && from->give_out_at_once(value)) || from->give_out(value, to_queue);
    }
    bool forget(node& w) noexcept {
        const both_ends inside(*from);
        return from->consumers_.remove(w);
    }
    std::optional<T> result() noexcept {
        if (!value) return std::nullopt;
        return std::optional<T>(std::move(*value));
    }
};

// --- one end, where nobody waits

template <class T>
bool channel<T>::take_in_at_once(T& value) noexcept {
    if (capacity_ == 0) return false;
    const detail::section inside(favour_, push_end_);
    return consumers_.empty() && !closed_ && values_.push(value, capacity_);
}

template <class T>
bool channel<T>::give_out_at_once(std::optional<T>& to) noexcept {
    if (capacity_ == 0) return false;
    const detail::section inside(favour_, pop_end_);
    return producers_.empty() && values_.pop([&to](T&& v) { to.emplace(std::move(v)); });
}

// --- both ends, when somebody waits or will

/// True when the value has gone in, or was refused.
template <class T>
bool channel<T>::take_in(T& value, bool& refused, producer* to_queue) {
    consumer* served = nullptr;
    {
        const both_ends inside(*this);
        if (closed_) return refused = true;
        served = consumers_.pop();
        if (!served) {
            if (values_.size() < capacity_) {
                values_.grow_if_full();
                return values_.push(value, capacity_);
            }
            if (to_queue) {
                to_queue->value = &value;
                to_queue->refused = &refused;
                producers_.push(*to_queue);
            }
            return false;
        }
        served->value->emplace(std::move(value));
    }
    served->wake();
    return true;
}

/// True when a value has come out, or none will ever again. The first producer that waits gets rid of its own, too.
template <class T>
bool channel<T>::give_out(std::optional<T>& to, consumer* to_queue) noexcept {
    producer* served = nullptr;
    {
        const both_ends inside(*this);
        const bool buffered = values_.pop([&to](T&& v) { to.emplace(std::move(v)); });
        served = producers_.pop();
        if (!served) {
            if (buffered || closed_) return true;
            if (to_queue) {
                to_queue->value = &to;
                consumers_.push(*to_queue);
            }
            return false;
        }
        if (buffered) {
            values_.push(*served->value, capacity_);
        } else {
            to.emplace(std::move(*served->value));
        }
    }
    served->wake();
    return true;
}

template <class T>
void channel<T>::close() noexcept {
    detail::list<producer> refused;
    detail::list<consumer> ended;
    {
        const both_ends inside(*this);
        if (std::exchange(closed_, true)) return;
        producers_.move_to(refused);
        consumers_.move_to(ended);
    }
    while (producer* p = refused.pop_front()) {
        *p->refused = true;
        p->wake();
    }
    detail::wake_all(ended);
}

// --- what users call

// A producer on another thread may just be leaving its end, though its value has come out at the other.
template <class T>
channel<T>::~channel() {
    const std::lock_guard nobody_pops(pop_end_);
    const std::lock_guard nobody_pushes(push_end_);
}

template <class T>
detail::queued<typename channel<T>::pushing> channel<T>::push(T value) noexcept {
    return detail::queued(pushing(*this, std::move(value)));
}

template <class T>
detail::queued<typename channel<T>::popping> channel<T>::pop() noexcept {
    return detail::queued(popping(*this));
}

template <class T>
bool channel<T>::try_push(T&& value) {
    if (take_in_at_once(value)) return true;
    bool refused = false;
    const bool done = take_in(value, refused, nullptr);
    if (refused) throw_closed();
    return done;
}

template <class T>
std::optional<T> channel<T>::try_pop() noexcept {
    std::optional<T> value;
    static_cast<void>(give_out_at_once(value) || give_out(value, nullptr));
    return value;
}

template <class T>
void channel<T>::push_blocking(T value) {
    detail::wait_blocking(pushing(*this, std::move(value)), "channel::push_blocking", "co_await push(value)");
}

template <class T>
std::optional<T> channel<T>::pop_blocking() {
    return detail::wait_blocking(popping(*this), "channel::pop_blocking", "co_await pop()");
}

template <class T>
bool channel<T>::is_closed() const noexcept {
    const both_ends inside(*this);
    return closed_;
}

template <class T>
std::size_t channel<T>::size() const noexcept {
    const both_ends inside(*this);
    return values_.size();
}

}  // namespace braid
