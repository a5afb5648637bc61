#pragma once
// What went wrong with a fetch, in words for the user.

#include <boost/system/error_code.hpp>
#include <string>

namespace crawl {

/// `doing` is what was going on, such as "connecting".
[[nodiscard]] std::string describe_network_error(const boost::system::error_code& error, std::string_view doing);

}  // namespace crawl
