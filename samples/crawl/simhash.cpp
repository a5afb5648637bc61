#include "simhash.hpp"

#include <bit>
#include <cstddef>
#include <utility>

#include "text_counter.hpp"

namespace crawl {
namespace {

constexpr std::uint64_t fnv_basis = 0xcbf29ce484222325U;
constexpr std::uint64_t fnv_prime = 0x100000001b3U;

/// Spreads what distinguishes a feature over all bits. Source: the finaliser of MurmurHash3.
constexpr std::uint64_t mix(std::uint64_t x) noexcept {
    x = (x ^ (x >> 33U)) * 0xff51afd7ed558ccdU;
    x = (x ^ (x >> 33U)) * 0xc4ceb9fe1a85ec53U;
    return x ^ (x >> 33U);
}

/// Adds two numbers of one bit to a third, for 64 of them side by side. Gives the carries.
constexpr std::uint64_t add_two(std::uint64_t& sum, std::uint64_t a, std::uint64_t b) noexcept {
    const std::uint64_t odd = a ^ b;
    const std::uint64_t carry = (a & b) | (odd & sum);
    sum ^= odd;
    return carry;
}

}  // namespace

void text_simhash::add(std::string_view piece) noexcept {
    std::uint64_t word = word_;  // not in memory, for as long as it grows
    for (const char c : piece) {
        if (!is_html_space(c)) {
            word = ((word == 0 ? fnv_basis : word) ^ static_cast<unsigned char>(c)) * fnv_prime;
        } else if (word != 0) {
            end_word(std::exchange(word, 0));
        }
    }
    word_ = word;
}

void text_simhash::end_word(std::uint64_t word) noexcept {
    ++words_;
    if (words_ > before_.size()) {
        count_bits_of(mix(std::rotl(before_[0], 42) ^ std::rotl(before_[1], 21) ^ word));
    }
    before_ = {before_[1], word};
}

void text_simhash::count_bits_of(std::uint64_t feature) noexcept {
    waiting_[features_ % waiting_.size()] = feature;
    if (++features_ % waiting_.size() == 0) count_waiting();
}

/// Each pair of features leaves one carry for the next level, so that of all of them one has a long way to go.
void text_simhash::count_waiting() noexcept {
    std::size_t level = 0;
    for (std::size_t left = waiting_.size(); left > 1; left /= 2, ++level) {
        for (std::size_t pair = 0; pair < left / 2; ++pair) {
            waiting_[pair] = add_two(counts_[level], waiting_[2 * pair], waiting_[2 * pair + 1]);
        }
    }
    count(waiting_[0], level);
}

void text_simhash::count(std::uint64_t carry, std::size_t level) noexcept {
    for (; carry != 0 && level < counts_.size(); ++level) {
        const std::uint64_t sum = counts_[level] ^ carry;
        carry &= counts_[level];
        counts_[level] = sum;
    }
}

std::optional<std::uint64_t> text_simhash::finish() noexcept {
    if (word_ != 0) end_word(std::exchange(word_, 0));
    if (words_ < fewest_words) return std::nullopt;
    for (std::size_t i = 0; i < features_ % waiting_.size(); ++i) count(waiting_[i], 0);
    std::uint64_t hash = 0;
    for (unsigned bit = 0; bit < 64; ++bit) {
        std::uint64_t set = 0;
        for (std::size_t i = 0; i < counts_.size(); ++i) set |= (counts_[i] >> bit & 1U) << i;
        if (set * 2 > features_) hash |= std::uint64_t{1} << bit;
    }
    return hash;
}

int distance(std::uint64_t a, std::uint64_t b) noexcept { return std::popcount(a ^ b); }

}  // namespace crawl
