#include "process/lent_memory.hpp"

#include <algorithm>
#include <bit>
#include <exception>
#include <limits>
#include <utility>

#include <fcntl.h>
#include <sys/resource.h>

namespace braid::process_detail {

namespace {

// A call or two at a time, each with something large to take and to give. A piece is a descriptor on both sides.
constexpr std::size_t most_pieces = 4;
// What is free and larger is given back at once.
constexpr std::size_t most_kept = std::size_t{128} << 20;

/// Up to a quarter more, so that values of about the same size can follow each other.
std::size_t rounded_up(std::size_t bytes) noexcept {
    const std::size_t step = std::bit_floor(bytes) / 4;
    return (bytes + step - 1) / step * step;
}

/// Making a file larger than this would be the end of the process (SIGXFSZ).
bool fits_in_a_file(std::size_t bytes) noexcept {
    rlimit limit{};
    return ::getrlimit(RLIMIT_FSIZE, &limit) == 0 && (limit.rlim_cur == RLIM_INFINITY || bytes <= limit.rlim_cur);
}

}  // namespace

std::shared_ptr<wire::segment> lent_memory::lend(std::uint64_t frame, std::size_t bytes) noexcept try {
    if (bytes > std::numeric_limits<std::size_t>::max() / 2 - wire::lent_offset) return nullptr;
    const std::size_t size = rounded_up(bytes + wire::lent_offset);
    piece* best = nullptr;
    for (piece& each : pieces_) {
        if (each.frame != nobody || each.memory->bytes().size() < size) continue;
        if (!best || each.memory->bytes().size() < best->memory->bytes().size()) best = &each;
    }
    if (!best) {
        if (pieces_.size() == most_pieces) drop_a_free_one();
        if (pieces_.size() == most_pieces || !fits_in_a_file(size)) return nullptr;
        auto made = wire::segment::make(size);
        // All its pages at once: what is missing when they are written to is a signal, and the end of this process.
        if (::fallocate(made->fd(), 0, 0, static_cast<off_t>(size)) != 0) return nullptr;
        best = &pieces_.emplace_back(piece{.memory = std::move(made)});
    }
    best->frame = frame;
    best->is_for_result = false;
    return best->memory;
} catch (const std::exception&) {  // without descriptors or memory: the value travels in its message then
    return nullptr;
}

std::shared_ptr<wire::segment> lent_memory::lent_to(std::uint64_t frame, std::size_t bytes) const noexcept {
    for (const piece& each : pieces_) {
        if (each.frame == frame && each.memory->bytes().size() >= wire::lent_offset + bytes) return each.memory;
    }
    return nullptr;
}

void lent_memory::may_hold_result(const wire::segment& memory) noexcept {
    for (piece& each : pieces_) each.is_for_result |= each.memory.get() == &memory;
}

bool lent_memory::is_for_result(std::uint64_t frame, std::size_t bytes) const noexcept {
    return std::ranges::any_of(pieces_, [&](const piece& each) {
        return each.frame == frame && each.is_for_result && each.memory->bytes().size() >= wire::lent_offset + bytes;
    });
}

bool lent_memory::is_lent_to(std::uint64_t frame, const wire::segment& memory) const noexcept {
    return std::ranges::any_of(pieces_,
                               [&](const piece& each) { return each.frame == frame && each.memory.get() == &memory; });
}

std::size_t lent_memory::bytes_lent_to(std::uint64_t frame) const noexcept {
    std::size_t bytes = 0;
    for (const piece& each : pieces_) bytes += each.frame == frame ? each.memory->bytes().size() : 0;
    return bytes;
}

bool lent_memory::has(const wire::segment& memory) const noexcept {
    return std::ranges::any_of(pieces_, [&](const piece& each) { return each.memory.get() == &memory; });
}

void lent_memory::take_back_all_of(std::uint64_t frame) noexcept {
    std::size_t kept = 0;
    for (piece& each : pieces_) {
        if (each.frame == frame) each.frame = nobody;
        if (each.frame == nobody) kept += each.memory->bytes().size();
    }
    for (std::size_t i = pieces_.size(); kept > most_kept && i-- != 0;) {
        if (pieces_[i].frame != nobody) continue;
        kept -= pieces_[i].memory->bytes().size();
        pieces_.erase(pieces_.begin() + static_cast<std::ptrdiff_t>(i));
    }
}

void lent_memory::drop_a_free_one() {
    const auto free_one = std::ranges::find(pieces_, nobody, &piece::frame);
    if (free_one != pieces_.end()) pieces_.erase(free_one);
}

}  // namespace braid::process_detail
