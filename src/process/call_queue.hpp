#pragma once
// The calls of a pool that wait for a worker: those of higher priority first, else first in, first out.

#include <braid/process/detail/call.hpp>

#include <array>
#include <cstddef>

namespace braid::detail {

/// Threads: the pool's home.
class call_queue {
public:
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    void push_back(call_entry& entry, call_priority priority) noexcept {
        lists_[index(priority)].push_back(entry);
        ++size_;
    }
    /// Before all others of its priority: it was at its turn already.
    void push_front(call_entry& entry, call_priority priority) noexcept {
        lists_[index(priority)].push_front(entry);
        ++size_;
    }
    /// Null if there is none.
    call_entry* pop_front() noexcept {
        for (auto& calls : lists_) {
            if (call_entry* entry = calls.pop_front()) {
                --size_;
                return entry;
            }
        }
        return nullptr;
    }
    void remove(call_entry& entry) noexcept {
        entry.unlink();
        --size_;
    }

private:
    static std::size_t index(call_priority priority) noexcept { return static_cast<std::size_t>(priority); }

    std::array<list<call_entry>, 3> lists_;
    std::size_t size_ = 0;
};

}  // namespace braid::detail
