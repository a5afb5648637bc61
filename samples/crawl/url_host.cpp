#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/url/ipv6_address.hpp>
#include <charconv>
#include <cstdint>
#include <vector>

#include "ascii.hpp"
#include "idna.hpp"
#include "url_text.hpp"

namespace crawl::url_text {
namespace {

bool is_forbidden(char c) {
    constexpr std::string_view marks = "#/:<>?@[\\]^|%\x7f";
    return static_cast<unsigned char>(c) <= ' ' || marks.find(c) != std::string_view::npos;
}

/// Most hosts: nothing in them is to be mapped but capitals, and no label is in Punycode.
bool is_plain(std::string_view lower_case) {
    const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    return std::all_of(lower_case.begin(), lower_case.end(), is_ascii) &&
           lower_case.find("xn--") == std::string_view::npos;
}

std::vector<std::string_view> split_labels(std::string_view host) {
    std::vector<std::string_view> labels;
    for (;;) {
        const std::size_t dot = host.find('.');
        labels.push_back(host.substr(0, dot));
        if (dot == std::string_view::npos) break;
        host.remove_prefix(dot + 1);
    }
    if (labels.size() > 1 && labels.back().empty()) labels.pop_back();
    return labels;
}

bool all_digits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Decimal, octal with a leading 0, hexadecimal with 0x (`0x` alone is zero, in browsers).
std::optional<std::uint64_t> parse_number(std::string_view text) {
    if (text.empty()) return std::nullopt;
    int base = 10;
    if (text.starts_with("0x")) {
        text.remove_prefix(2);
        base = 16;
    } else if (text.size() > 1 && text.front() == '0') {
        text.remove_prefix(1);
        base = 8;
    }
    if (text.empty()) return 0;
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error == std::errc::result_out_of_range) return UINT64_MAX;
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

bool ends_in_number(std::string_view host) {
    const std::string_view last = split_labels(host).back();
    return all_digits(last) || (last.starts_with("0x") && parse_number(last));
}

/// The form of RFC 5952: the longest run of at least two zero pieces, the first of equals, becomes `::`.
std::string print_ipv6(const boost::urls::ipv6_address& address) {
    const auto bytes = address.to_bytes();
    std::array<unsigned, 8> piece{};
    for (std::size_t i = 0; i < 8; ++i) piece[i] = bytes[2 * i] * 256U + bytes[2 * i + 1];
    std::size_t gap = 8;
    std::size_t gap_length = 1;
    for (std::size_t i = 0; i < 8; ++i) {
        std::size_t end = i;
        while (end < 8 && piece[end] == 0) ++end;
        if (end - i > gap_length) {
            gap = i;
            gap_length = end - i;
        }
    }
    std::string out = "[";
    for (std::size_t i = 0; i < 8; ++i) {
        if (i == gap) {
            out += i == 0 ? "::" : ":";
            i += gap_length - 1;
            continue;
        }
        out += fmt::format("{:x}", piece[i]);
        if (i < 7) out += ':';
    }
    return out + ']';
}

host_result canonical_ipv6(std::string_view text) {
    if (text.back() != ']') return {"", "the IPv6 address has no closing bracket"};
    const auto address = boost::urls::parse_ipv6_address(text.substr(1, text.size() - 2));
    if (!address) return {"", "the host is not an IPv6 address"};
    return {print_ipv6(*address), ""};
}

}  // namespace

std::optional<std::string> parse_ipv4(std::string_view host) {
    const auto labels = split_labels(host);
    if (labels.size() > 4) return std::nullopt;
    std::uint64_t address = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const auto number = parse_number(labels[i]);
        const bool last = i + 1 == labels.size();
        // The last number fills all the bytes that the others have left.
        const std::uint64_t limit = last ? std::uint64_t{1} << (8 * (5 - labels.size())) : 256;
        if (!number || *number >= limit) return std::nullopt;
        address += last ? *number : *number << (8 * (3 - i));
    }
    return fmt::format("{}.{}.{}.{}", address >> 24, (address >> 16) & 255, (address >> 8) & 255, address & 255);
}

host_result canonical_host(std::string_view text) {
    if (text.empty()) return {"", "it has no host"};
    if (text.front() == '[') return canonical_ipv6(text);
    std::string host = percent_decode(text);
    for (char& c : host) c = ascii::lower(c);
    if (!is_plain(host)) {
        auto ascii = domain_to_ascii(host);
        if (!ascii) return {"", "the host is not a valid international name"};
        host = std::move(*ascii);
    }
    if (std::any_of(host.begin(), host.end(), is_forbidden))
        return {"", "the host has a character that no host may have"};
    if (!ends_in_number(host)) return {std::move(host), ""};
    if (auto address = parse_ipv4(host)) return {std::move(*address), ""};
    return {"", "the host is not an IPv4 address"};
}

}  // namespace crawl::url_text
