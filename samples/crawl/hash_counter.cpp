#include "hash_counter.hpp"

#include <bit>
#include <utility>

namespace crawl {

std::uint32_t hash_counter::add(std::uint64_t hash) {
    if ((size_ + 1) * 4 > slots_.size() * 3) grow();
    std::uint64_t& slot = slots_[place(slots_, hash)];
    if (slot == 0) {
        ++size_;
        slot = hash & ~most;
    }
    if ((slot & most) != most) ++slot;
    return static_cast<std::uint32_t>(slot & most);
}

/// Where the hash is, or would be. Its upper bits say where to begin: they are those that are kept.
std::size_t hash_counter::place(const std::vector<std::uint64_t>& in, std::uint64_t hash) noexcept {
    const std::size_t mask = in.size() - 1;
    std::size_t at = hash >> static_cast<unsigned>(64 - std::countr_zero(in.size()));
    while (in[at] != 0 && (in[at] & ~most) != (hash & ~most)) at = (at + 1) & mask;
    return at;
}

void hash_counter::grow() {
    std::vector<std::uint64_t> larger(slots_.size() * 2);
    for (const std::uint64_t slot : slots_) {
        if (slot != 0) larger[place(larger, slot)] = slot;
    }
    slots_ = std::move(larger);
}

}  // namespace crawl
