#pragma once
// What the names of hosts say by themselves.

#include <string_view>

namespace crawl {

/// It is an address, not a name: of IPv4, or of IPv6 without brackets.
[[nodiscard]] bool is_numeric_host(std::string_view host);

/// `a.b.c` is below `b.c`, and neither `b.c` itself nor `ab.c` is. Of addresses that says nothing.
[[nodiscard]] bool is_below(std::string_view host, std::string_view domain) noexcept;

}  // namespace crawl
