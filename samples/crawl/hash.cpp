#include "hash.hpp"

#include <array>
#include <bit>
#include <cstring>

namespace crawl {
namespace {

constexpr std::uint64_t prime1 = 0x9E3779B185EBCA87U;
constexpr std::uint64_t prime2 = 0xC2B2AE3D27D4EB4FU;
constexpr std::uint64_t prime3 = 0x165667B19E3779F9U;
constexpr std::uint64_t prime4 = 0x85EBCA77C2B2AE63U;
constexpr std::uint64_t prime5 = 0x27D4EB2F165667C5U;

static_assert(std::endian::native == std::endian::little, "the reads below are little-endian");

/// Takes a number off the front.
template <class T>
T take(std::string_view& bytes) noexcept {
    T value;
    std::memcpy(&value, bytes.data(), sizeof value);
    bytes.remove_prefix(sizeof value);
    return value;
}

constexpr std::uint64_t round(std::uint64_t lane, std::uint64_t input) noexcept {
    return std::rotl(lane + input * prime2, 31) * prime1;
}

std::uint64_t mix_stripes(std::string_view& bytes, std::uint64_t seed) noexcept {
    std::array<std::uint64_t, 4> lane{seed + prime1 + prime2, seed + prime2, seed, seed - prime1};
    while (bytes.size() >= 32) {
        for (auto& l : lane) l = round(l, take<std::uint64_t>(bytes));
    }
    std::uint64_t hash =
        std::rotl(lane[0], 1) + std::rotl(lane[1], 7) + std::rotl(lane[2], 12) + std::rotl(lane[3], 18);
    for (const auto l : lane) hash = (hash ^ round(0, l)) * prime1 + prime4;
    return hash;
}

}  // namespace

std::uint64_t xxh64(std::string_view bytes, std::uint64_t seed) noexcept {
    const std::uint64_t length = bytes.size();
    std::uint64_t hash = (length >= 32 ? mix_stripes(bytes, seed) : seed + prime5) + length;
    while (bytes.size() >= 8) hash = std::rotl(hash ^ round(0, take<std::uint64_t>(bytes)), 27) * prime1 + prime4;
    if (bytes.size() >= 4) hash = std::rotl(hash ^ take<std::uint32_t>(bytes) * prime1, 23) * prime2 + prime3;
    while (!bytes.empty()) hash = std::rotl(hash ^ take<unsigned char>(bytes) * prime5, 11) * prime1;
    hash = (hash ^ (hash >> 33)) * prime2;
    hash = (hash ^ (hash >> 29)) * prime3;
    return hash ^ (hash >> 32);
}

}  // namespace crawl
