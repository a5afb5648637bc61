// The half of worker_link that a pool has which spins: requests and replies through the memory of the call board,
// looked at before the loop sleeps. The pipes are bells then, and their ends still say that the other side is gone.

#include "process/fault_points.hpp"
#include "process/pool_engine.hpp"
#include "process/worker_link.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <unistd.h>

namespace braid::detail {

worker_link::rings::rings(worker_link& owner)
    : link(owner), requests(owner.board_.requests()), replies(owner.board_.replies()) {
    seen.link = &link;
    seen.run = [](work* w) noexcept {
        worker_link& self = *static_cast<readable_work*>(w)->link;
        const auto keep = std::exchange(self.rings_->seen.keep, nullptr);
        self.rings_->seen_is_ready = false;
        self.read_replies();
    };
}

bool worker_link::rings::has_something() const noexcept {
    if (seen_is_ready) return false;
    return replies.has_something() || (link.awaiting_room_ && requests.has_room());
}

bool worker_link::rings::may_sleep() noexcept {
    link.let_context_go();
    return seen_is_ready || (replies.may_sleep() && (!link.awaiting_room_ || requests.may_wait()));
}

work& worker_link::rings::found() noexcept {
    if (link.in_flight_ == 1) link.board_.expects_answer(call_base::of(link.calls_.front()).slot_);
    seen_is_ready = true;
    seen.keep = link.shared_from_this();
    return seen;
}

void worker_link::write_into_ring() noexcept {
    try {
        while (out_sent_ != out_.size()) {
            const auto rest = out_.bytes().subspan(out_sent_);
            const std::size_t size =
                rings_->requests.write(rest.first(pd::before(pd::step::writes_requests, rest.size())));
            pd::after(pd::step::writes_requests, size);
            out_sent_ += size;
            if (size == 0) {
                awaiting_room_ = true;  // the worker is asked to tell when there is nothing else to do
                break;
            }
        }
        if (rings_->requests.reader_sleeps()) pd::ring_bell(requests_.native_handle());
    } catch (const pd::board_corrupted& e) {
        violated(e.what());
    } catch (const std::exception&) {
        // EPIPE: it is dead, and the reaper will tell
    }
}

void worker_link::look_for_room() {
    if (!rings_->requests.has_room()) return;
    awaiting_room_ = false;
    flush(clock::now());
}

std::size_t worker_link::read_ring(std::span<std::byte> into) noexcept {
    try {
        const auto there = rings_->replies.readable();
        const std::size_t size = std::min(there.size(), into.size());
        if (size == 0) return 0;
        std::memcpy(into.data(), there.data(), size);
        if (rings_->replies.took(size)) rings_->replies.wake_writer();
        return size;
    } catch (const pd::board_corrupted& e) {
        violated(e.what());
        return 0;
    }
}

/// They have done what they are for.
void worker_link::hear_bells() noexcept {
    if (!replies_.is_open()) return;
    std::array<std::byte, 256> bells;
    ssize_t n = 0;
    do {
        n = ::read(replies_.native_handle(), bells.data(), bells.size());
    } while (n < 0 && errno == EINTR);
    replies_ended_ = n == 0;
}

}  // namespace braid::detail
