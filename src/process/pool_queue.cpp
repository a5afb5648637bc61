// The queue of a pool: who comes in, who waits until there is room, and who leaves.

#include "process/pool_engine.hpp"

#include <utility>

namespace braid::detail {

void pool_engine::enqueue(call_base& call) noexcept {
    if (room_) {
        if (call.place_ == call_base::place::nowhere) room_->enter();
        // Whoever was admitted was so before those that have come meanwhile.
        if (call.place_ != call_base::place::admitted && queue_.size() >= room_->most()) {
            call.place_ = call_base::place::outside;
            return room_->wait_outside(call.entry());
        }
    }
    call.place_ = call_base::place::queued;
    queue_.push_back(call.entry(), call.options().priority);
}

void pool_engine::enqueue_again(call_base& call) noexcept {
    if (room_) room_->enter();  // it had left: then there may be more than the limit for a while
    call.place_ = call_base::place::queued;
    queue_.push_front(call.entry(), call.options().priority);
}

call_base* pool_engine::take_queued() noexcept {
    call_entry* entry = queue_.pop_front();
    if (!entry) return nullptr;
    if (room_) make_room();
    return &call_base::of(*entry);
}

void pool_engine::remove_waiting(call_base& call) noexcept {
    if (call.place_ == call_base::place::outside) {
        room_->remove(call.entry());
        return room_->leave();
    }
    queue_.remove(call.entry());
    if (room_) make_room();
}

void pool_engine::make_room() noexcept {
    room_->leave();
    if (queue_.size() >= room_->most()) return;
    call_entry* entry = room_->next();
    if (!entry) return;
    call_base& call = call_base::of(*entry);
    call.place_ = call_base::place::queued;
    queue_.push_back(*entry, call.options().priority);
}

std::size_t pool_engine::waiting() const noexcept { return queue_.size() + (room_ ? room_->outside() : 0); }

void pool_engine::fail_queued(const std::exception_ptr& error) noexcept {
    while (call_base* call = take_queued()) {
        call->fail(error);
        call_ended(*call);
    }
}

// --- places that are kept for calls to come

queue_place queue_place::enter(pool_engine& pool) noexcept {
    queue_room* room = pool.room();
    if (room) room->enter();
    return {room, false};
}

std::optional<queue_place> queue_place::try_enter(pool_engine& pool) noexcept {
    queue_room* room = pool.room();
    if (room && !room->try_enter()) return std::nullopt;
    return queue_place(room, true);
}

void queue_place::leave() noexcept { room_->leave(); }

}  // namespace braid::detail
