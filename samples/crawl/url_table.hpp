#pragma once
// Which URLs have been seen, in 16 bytes each: a hash of the text, and what became of it.

#include <cstddef>
#include <cstdint>
#include <random>
#include <string_view>
#include <vector>

#include "outcome.hpp"

namespace crawl {

using url_id = std::uint64_t;  ///< dense, from 1, in order of discovery

/// Open addressing with linear probing; at most three quarters full. Two texts with one hash of 64 bits would be taken
/// for one URL: among ten million that is to be expected in one crawl of 400,000. The hash has a seed of its own in
/// each process, so that no site can make such texts. Threads: one.
class url_table {
public:
    struct found {
        url_id id;
        outcome verdict;
    };

    [[nodiscard]] std::uint64_t hash(std::string_view text) const noexcept;

    /// What is known of a URL with that hash; `id` 0 if nothing is.
    [[nodiscard]] found find(std::uint64_t hash) const noexcept;

    /// Adds one that is not known, or changes what is known.
    void set(std::uint64_t hash, url_id id, outcome verdict);

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// Bytes held.
    [[nodiscard]] std::size_t memory() const noexcept { return slots_.capacity() * sizeof(slot); }

private:
    struct slot {
        std::uint64_t hash = 0;
        std::uint64_t id_and_verdict = 0;  // 0: the slot is free
    };
    [[nodiscard]] static std::size_t place(const std::vector<slot>& in, std::uint64_t hash) noexcept;
    void grow();

    std::uint64_t seed_ = std::random_device{}() | std::uint64_t{std::random_device{}()} << 32U;
    std::vector<slot> slots_ = std::vector<slot>(1024);  // a power of two of them
    std::size_t size_ = 0;
};

}  // namespace crawl
