#pragma once
// Who waits in the queue of a primitive: a node in the frame of the waiting coroutine, or on the stack of a blocked
// thread. Waiting allocates nothing.

#include <braid/core/detail/list.hpp>
#include <braid/sync/detail/biased_mutex.hpp>

namespace braid::detail {

/// An entry of a wait queue. The queue's lock guards it until it has been taken out; then `wake` is called, without the
/// lock, by whoever took it out, and nothing of it, nor of the primitive, may be touched after that.
class waiter : public list_node {
public:
    virtual void wake() noexcept = 0;

    bool queued = false;  // under the lock of the queue

protected:
    waiter() = default;
    ~waiter() = default;
};

/// First come, first served. Not thread-safe: the owner locks.
template <class Waiter>
class wait_queue {
public:
    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
    [[nodiscard]] Waiter& front() noexcept { return entries_.front(); }
    void push(Waiter& w) noexcept {
        w.queued = true;
        entries_.push_back(w);
    }
    Waiter* pop() noexcept {
        Waiter* first = entries_.pop_front();
        if (first) first->queued = false;
        return first;
    }
    /// False when somebody else has taken it out: then it is, or will be, woken.
    bool remove(Waiter& w) noexcept {
        if (!w.queued) return false;
        w.queued = false;
        static_cast<list_node&>(w).unlink();
        return true;
    }
    /// Takes out everything.
    void move_to(list<Waiter>& other) noexcept {
        while (Waiter* w = pop()) other.push_back(*w);
    }

private:
    list<Waiter> entries_;
};

/// Wakes all of them, in order. Without any lock.
template <class Waiter>
void wake_all(list<Waiter>& woken) noexcept {
    while (Waiter* w = woken.pop_front()) w->wake();
}

/// The lock of a primitive and the queue of those who wait for it.
template <class Waiter = waiter>
class waiting_room {
public:
    [[nodiscard]] section enter() noexcept { return lock_.enter(); }

    /// Takes a waiter out who does not want to wait any more. False when it has been, or is just being, served.
    bool leave(Waiter& w) noexcept {
        const section inside = enter();
        return queue.remove(w);
    }

    wait_queue<Waiter> queue;  // inside

private:
    biased_mutex lock_;
};

}  // namespace braid::detail
