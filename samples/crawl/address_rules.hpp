#pragma once
// Which addresses a crawler may be led to by a page: those of the public internet, and not the machines behind it.

#include <boost/asio/ip/address.hpp>
#include <string_view>

namespace crawl {

/// What kind of address it is, such as "a loopback address", if it does not belong to the public internet; else empty.
/// An IPv6 address that stands for an IPv4 one (mapped, NAT64, 6to4) is judged as that.
[[nodiscard]] std::string_view kind_if_not_public(const boost::asio::ip::address& address);

}  // namespace crawl
