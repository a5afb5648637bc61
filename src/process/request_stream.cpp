#include "process/request_stream.hpp"

#include "process/descriptors.hpp"
#include "process/fault_points.hpp"
#include "process/services.hpp"

#include <array>
#include <utility>

namespace braid::process_detail {

namespace {

constexpr std::size_t chunk_size = 256 * 1024;

}  // namespace

request_stream::request_stream(ring_reader* ring, std::function<void()> call_parent)
    : ring_(ring),
      call_parent_(std::move(call_parent)),
      chunk_(ring ? std::nullopt : std::optional<read_buffer>(std::in_place, chunk_size)) {}

std::span<const std::byte> request_stream::next() { return ring_ ? next_of_ring() : next_of_pipe(); }

std::span<const std::byte> request_stream::next_of_pipe() {
    const auto room = chunk_->bytes().first(before(step::reads_requests, chunk_size));
    const std::size_t size = read_some(request_descriptor, room);
    after(step::reads_requests, size);
    return room.first(size);
}

std::span<const std::byte> request_stream::next_of_ring() {
    if (ring_->took(std::exchange(given_, 0))) call_parent_();
    if (!spinner_.wait_for(spin_, [this] { return ring_->has_something(); })) {
        // The parent closes the pipe behind its last request.
        while (ring_->may_sleep()) {
            const bool more = await_bell();
            ring_->stays_awake();
            if (!more && !ring_->has_something()) return {};
        }
    }
    const auto all = ring_->readable();
    given_ = before(step::reads_requests, all.size());
    after(step::reads_requests, given_);
    return all.first(given_);
}

/// False: nobody rings any more.
bool request_stream::await_bell() {
    std::array<std::byte, 64> bells;
    return read_some(request_descriptor, bells) != 0;
}

}  // namespace braid::process_detail
