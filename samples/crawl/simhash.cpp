#include "simhash.hpp"

#include <bit>

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

}  // namespace

void text_simhash::add(std::string_view piece) noexcept {
    for (const char c : piece) {
        if (!is_html_space(c)) {
            word_ = ((word_ == 0 ? fnv_basis : word_) ^ static_cast<unsigned char>(c)) * fnv_prime;
        } else if (word_ != 0) {
            end_word();
        }
    }
}

void text_simhash::end_word() noexcept {
    ++words_;
    if (words_ > before_.size()) {
        count_bits_of(mix(std::rotl(before_[0], 42) ^ std::rotl(before_[1], 21) ^ word_));
    }
    before_ = {before_[1], word_};
    word_ = 0;
}

void text_simhash::count_bits_of(std::uint64_t feature) noexcept {
    ++features_;
    std::uint64_t carry = feature;
    for (std::size_t i = 0; carry != 0 && i < counts_.size(); ++i) {
        const std::uint64_t sum = counts_[i] ^ carry;
        carry &= counts_[i];
        counts_[i] = sum;
    }
}

std::optional<std::uint64_t> text_simhash::finish() noexcept {
    if (word_ != 0) end_word();
    if (words_ < fewest_words) return std::nullopt;
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
