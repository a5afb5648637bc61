#pragma once
// What went wrong with a fetch, in words for the user.

#include <boost/system/error_code.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "exchange.hpp"
#include "outcome.hpp"

namespace crawl {

/// Why there is no response.
struct fetch_failure {
    outcome how;
    std::string message;
    bool passing = false;                             ///< trying again may help
    std::optional<std::chrono::microseconds> took{};  ///< the attempt, if there was one
    std::shared_ptr<const exchange> wire{};           ///< what came, if that was wanted and the head was complete
};

/// `doing` is what was going on, such as "connecting".
[[nodiscard]] std::string describe_network_error(const boost::system::error_code& error, std::string_view doing);

/// The failure that an error of the network is.
[[nodiscard]] fetch_failure network_failure(const boost::system::error_code& error, std::string_view doing);

}  // namespace crawl
