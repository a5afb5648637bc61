#include <braid/core/detail/timer_queue.hpp>

#include <algorithm>
#include <utility>

namespace braid::detail {

namespace {

constexpr std::size_t arity = 4;

constexpr std::size_t first_child_of(std::size_t index) { return arity * index - 8; }
constexpr std::size_t parent_of(std::size_t index) { return index / arity + 2; }
static_assert(parent_of(4) == 3 && parent_of(7) == 3 && parent_of(8) == 4 && first_child_of(3) == 4);
static_assert(first_child_of(4) == 8);

// Fewer disarmed entries than this are never worth a sweep.
constexpr std::size_t few = 64;

}  // namespace

void timer_queue::arm(timer& t) {
    if (free_slots_.empty()) {
        slots_.push_back(nullptr);
        free_slots_.reserve(slots_.capacity());
        free_slot(static_cast<std::uint32_t>(slots_.size() - 1));
    }
    heap_.push_back({t.at, free_slots_.back()});
    // Nothing throws from here on.
    t.slot = free_slots_.back();
    free_slots_.pop_back();
    slots_[t.slot] = &t;
    ++armed_;
    sift_up(heap_.size() - 1);
}

void timer_queue::disarm(timer& t) noexcept {
    if (!t.armed()) return;
    --armed_;
    const std::uint32_t slot = std::exchange(t.slot, timer::unarmed);
    if (slot >= first_in_batch) {
        due_[slot - first_in_batch] = nullptr;
        return;
    }
    slots_[slot] = nullptr;
    if (heap_.back().slot == slot) {  // the latest of all, armed last: a deadline that was not needed
        heap_.pop_back();
        free_slot(slot);
    } else if (heap_.size() > 2 * armed_ + few) {
        remove_disarmed();
    }
}

clock::time_point timer_queue::earliest() noexcept {
    drop_disarmed_top();
    return nothing_left() ? clock::time_point::max() : heap_[top].at;
}

bool timer_queue::fire_due(clock::time_point now) noexcept {
    const std::uint32_t count = collect_due(now);
    for (std::uint32_t i = 0; i < count; ++i) {
        timer* t = due_[i];
        if (!t) continue;
        t->slot = timer::unarmed;
        --armed_;
        t->fire(t);
    }
    return count < batch;
}

std::uint32_t timer_queue::collect_due(clock::time_point now) noexcept {
    std::uint32_t count = 0;
    for (; count < batch && earliest() <= now; ++count) {
        timer* t = slots_[heap_[top].slot];
        // The timer, and the operation that it is the end of: they arrive while the heap is put in order.
        __builtin_prefetch(t, 1);
        __builtin_prefetch(reinterpret_cast<const char*>(t) - 64, 1);
        due_[count] = t;
        remove_top();
    }
    for (std::uint32_t i = 0; i < count; ++i) due_[i]->slot = first_in_batch + i;
    return count;
}

void timer_queue::drop_disarmed_top() noexcept {
    while (!nothing_left() && !slots_[heap_[top].slot]) remove_top();
}

void timer_queue::remove_top() noexcept {
    free_slot(heap_[top].slot);
    heap_[top] = heap_.back();
    heap_.pop_back();
    if (!nothing_left()) sift_down(top);
}

void timer_queue::remove_disarmed() noexcept {
    const auto disarmed = std::remove_if(heap_.begin() + top, heap_.end(), [this](const entry& e) {
        if (slots_[e.slot]) return false;
        free_slot(e.slot);
        return true;
    });
    heap_.erase(disarmed, heap_.end());
    if (nothing_left()) return;
    for (std::size_t node = heap_.size(); node-- > top;) sift_down(node);
}

void timer_queue::sift_up(std::size_t index) noexcept {
    const entry moved = heap_[index];
    while (index > top) {
        const std::size_t parent = parent_of(index);
        if (heap_[parent].at <= moved.at) break;
        heap_[index] = heap_[parent];
        index = parent;
    }
    heap_[index] = moved;
}

// Which child is the least cannot be predicted: compilers make conditional moves of these, not branches.
void timer_queue::sift_down(std::size_t index) noexcept {
    entry* const heap = heap_.data();
    const std::size_t size = heap_.size();
    const entry moved = heap[index];
    const auto lesser = [heap](std::size_t a, std::size_t b) { return heap[b].at < heap[a].at ? b : a; };
    std::size_t first = first_child_of(index);
    while (first + arity <= size) {
        for (std::size_t child = first; child < first + arity; ++child)
            __builtin_prefetch(&heap[first_child_of(child)]);
        const std::size_t least = lesser(lesser(first, first + 1), lesser(first + 2, first + 3));
        if (moved.at <= heap[least].at) break;
        heap[index] = heap[least];
        index = least;
        first = first_child_of(index);
    }
    if (first < size && first + arity > size) {
        std::size_t least = first;
        for (std::size_t child = first + 1; child < size; ++child) least = lesser(least, child);
        if (heap[least].at < moved.at) {
            heap[index] = heap[least];
            index = least;
        }
    }
    heap[index] = moved;
}

}  // namespace braid::detail
