#include "url_table.hpp"

#include "hash.hpp"

namespace crawl {

std::uint64_t url_table::hash(std::string_view text) const noexcept { return xxh64(text, seed_); }

url_table::found url_table::find(std::uint64_t hash) const noexcept {
    const slot& at = slots_[place(slots_, hash)];
    return {at.id_and_verdict >> 8U, static_cast<outcome>(at.id_and_verdict & 0xffU)};
}

void url_table::set(std::uint64_t hash, url_id id, outcome verdict) {
    if ((size_ + 1) * 4 > slots_.size() * 3) grow();
    slot& at = slots_[place(slots_, hash)];
    if (at.id_and_verdict == 0) ++size_;
    at = {hash, id << 8U | static_cast<std::uint8_t>(verdict)};
}

/// Where the hash is, or would be.
std::size_t url_table::place(const std::vector<slot>& in, std::uint64_t hash) noexcept {
    const std::size_t mask = in.size() - 1;
    std::size_t at = hash & mask;
    while (in[at].id_and_verdict != 0 && in[at].hash != hash) at = (at + 1) & mask;
    return at;
}

void url_table::grow() {
    std::vector<slot> larger(slots_.size() * 2);
    for (const slot& s : slots_) {
        if (s.id_and_verdict != 0) larger[place(larger, s.hash)] = s;
    }
    slots_ = std::move(larger);
}

}  // namespace crawl
