#pragma once
// A hash of text that changes little when the text does: the texts of two pages that differ in few words have hashes
// that differ in few bits.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace crawl {

/// Takes text in pieces. What is compared are three words in a row, wherever in the text; white space does not count.
/// Source: Charikar, Similarity estimation techniques from rounding algorithms (STOC 2002); Manku et al., Detecting
/// near-duplicates for web crawling (WWW 2007).
class text_simhash {
public:
    /// A text of fewer words says too little to be like another.
    static constexpr std::uint64_t fewest_words = 32;

    void add(std::string_view piece) noexcept;

    /// The hash of all pieces; nothing if they have too few words. To be asked once.
    [[nodiscard]] std::optional<std::uint64_t> finish() noexcept;

private:
    void end_word(std::uint64_t word) noexcept;
    void count_bits_of(std::uint64_t feature) noexcept;
    void count_waiting() noexcept;
    void count(std::uint64_t carry, std::size_t level) noexcept;

    // How often each of 64 bits was set, on its side: the number of bit i is in the i-th bits of these.
    std::array<std::uint64_t, 32> counts_{};
    std::array<std::uint64_t, 8> waiting_{};  // features that are not counted yet
    std::uint64_t features_ = 0;
    std::uint64_t words_ = 0;
    std::array<std::uint64_t, 2> before_{};  // the two words before this one
    std::uint64_t word_ = 0;                 // 0: between words
};

/// In how many bits they differ.
[[nodiscard]] int distance(std::uint64_t a, std::uint64_t b) noexcept;

}  // namespace crawl
