#pragma once
// Places of URLs that wait, first in, first out, of one host: there may be a million hosts with one, or one host with
// millions.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace crawl {

/// 8 to 16 bytes for each, and none while it is empty. Threads: one.
class place_queue {
public:
    [[nodiscard]] bool empty() const noexcept { return head_ == places_.size(); }
    [[nodiscard]] std::uint64_t front() const noexcept { return places_[head_]; }
    [[nodiscard]] std::size_t size() const noexcept { return places_.size() - head_; }
    void push(std::uint64_t place) { places_.push_back(place); }

    void pop() {
        if (++head_ * 2 < places_.size()) return;
        // As many were taken as are moved now: that is one move for each.
        places_.erase(places_.begin(), places_.begin() + static_cast<std::ptrdiff_t>(head_));
        head_ = 0;
        if (places_.size() * 4 <= places_.capacity()) places_.shrink_to_fit();
    }

    void clear() noexcept {
        places_ = {};
        head_ = 0;
    }

    /// Bytes held.
    [[nodiscard]] std::size_t memory() const noexcept { return places_.capacity() * sizeof(std::uint64_t); }

private:
    std::vector<std::uint64_t> places_;
    std::size_t head_ = 0;  // before it are those that were taken
};

}  // namespace crawl
