#include "address_rules.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace crawl {
namespace {

namespace ip = boost::asio::ip;

struct v4_block {
    std::uint32_t first;
    unsigned prefix;  // bits
    std::string_view kind;
};

constexpr std::uint32_t v4(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
    return a << 24U | b << 16U | c << 8U | d;
}

constexpr std::string_view loopback = "a loopback address";
constexpr std::string_view private_use = "a private address";
constexpr std::string_view link_local = "a link-local address";
constexpr std::string_view metadata = "the metadata service of a cloud";
constexpr std::string_view unspecified = "an unspecified address";
constexpr std::string_view multicast = "a multicast address";
constexpr std::string_view reserved = "a reserved address";

/// Source: the IANA registry of special-purpose IPv4 addresses; the first block that fits counts. The metadata services
/// are those of AWS, Azure and Google, of Alibaba, of Oracle, and the host's channel of Azure, which is a public
/// address.
constexpr std::array v4_blocks{
    v4_block{v4(169, 254, 169, 254), 32, metadata}, v4_block{v4(100, 100, 100, 200), 32, metadata},
    v4_block{v4(192, 0, 0, 192), 32, metadata},     v4_block{v4(168, 63, 129, 16), 32, metadata},
    v4_block{v4(0, 0, 0, 0), 8, unspecified},       v4_block{v4(10, 0, 0, 0), 8, private_use},
    v4_block{v4(100, 64, 0, 0), 10, private_use},  // shared by the customers of one provider
    v4_block{v4(127, 0, 0, 0), 8, loopback},        v4_block{v4(169, 254, 0, 0), 16, link_local},
    v4_block{v4(172, 16, 0, 0), 12, private_use},   v4_block{v4(192, 0, 0, 0), 24, reserved},
    v4_block{v4(192, 0, 2, 0), 24, reserved},       v4_block{v4(192, 168, 0, 0), 16, private_use},
    v4_block{v4(198, 18, 0, 0), 15, private_use},  // for benchmarks of networks
    v4_block{v4(198, 51, 100, 0), 24, reserved},    v4_block{v4(203, 0, 113, 0), 24, reserved},
    v4_block{v4(224, 0, 0, 0), 4, multicast},       v4_block{v4(240, 0, 0, 0), 4, reserved},
};

std::string_view kind_of(std::uint32_t address) {
    for (const v4_block& block : v4_blocks) {
        const std::uint32_t mask = UINT32_MAX << (32 - block.prefix);
        if ((address & mask) == block.first) return block.kind;
    }
    return {};
}

using bytes = ip::address_v6::bytes_type;

template <std::size_t N>
bool starts_with(const bytes& address, const std::array<unsigned char, N>& prefix) {
    return std::equal(prefix.begin(), prefix.end(), address.begin());
}

std::uint32_t v4_at(const bytes& b, std::size_t i) { return v4(b[i], b[i + 1], b[i + 2], b[i + 3]); }

/// The IPv4 address that an IPv6 one leads to.
std::optional<std::uint32_t> embedded(const bytes& b) {
    constexpr std::array<unsigned char, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    constexpr std::array<unsigned char, 12> nat64{0, 0x64, 0xff, 0x9b};
    constexpr std::array<unsigned char, 2> six_to_four{0x20, 0x02};
    if (starts_with(b, mapped) || starts_with(b, nat64)) return v4_at(b, 12);
    if (starts_with(b, six_to_four)) return v4_at(b, 2);
    return std::nullopt;
}

std::string_view kind_of(const ip::address_v6& address) {
    const bytes b = address.to_bytes();
    if (const auto inner = embedded(b)) return kind_of(*inner);
    if (address.is_loopback()) return loopback;
    if (address.is_unspecified()) return unspecified;
    if (address.is_multicast()) return multicast;
    if (address.is_link_local() || address.is_site_local()) return link_local;
    if ((b[0] & 0xfeU) == 0xfcU) return private_use;
    // What is in use of the internet proper lies in 2000::/3; 2001:db8::/32 is for documentation.
    constexpr std::array<unsigned char, 4> documentation{0x20, 0x01, 0x0d, 0xb8};
    if ((b[0] & 0xe0U) != 0x20U || starts_with(b, documentation)) return reserved;
    return {};
}

}  // namespace

std::string_view kind_if_not_public(const ip::address& address) {
    return address.is_v4() ? kind_of(address.to_v4().to_uint()) : kind_of(address.to_v6());
}

}  // namespace crawl
