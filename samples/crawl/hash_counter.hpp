#pragma once
// How often something was seen, by its hash, in 8 bytes for each thing.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace crawl {

/// Open addressing, at most three quarters full. Only 40 bits of a hash are kept: of ten million things a hundred are
/// counted together with another, which is good enough for limits. A count stops at 16 million. Threads: one.
class hash_counter {
public:
    [[nodiscard]] std::uint32_t count(std::uint64_t hash) const noexcept {
        return static_cast<std::uint32_t>(slots_[place(slots_, hash)] & most);
    }

    /// One more. Gives how often it was seen, this time included.
    std::uint32_t add(std::uint64_t hash);

    /// Bytes held.
    [[nodiscard]] std::size_t memory() const noexcept { return slots_.capacity() * sizeof(std::uint64_t); }

private:
    static constexpr unsigned tag_bits = 40;
    static constexpr unsigned count_bits = 64 - tag_bits;
    static constexpr std::uint64_t most = (std::uint64_t{1} << count_bits) - 1;

    [[nodiscard]] static std::size_t place(const std::vector<std::uint64_t>& in, std::uint64_t hash) noexcept;
    void grow();

    std::vector<std::uint64_t> slots_ = std::vector<std::uint64_t>(64);  // the tag, then the count; free: 0
    std::size_t size_ = 0;
};

}  // namespace crawl
