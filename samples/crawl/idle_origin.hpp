#pragma once
// Which hosts need not be remembered.

#include <functional>
#include <string>

namespace crawl {

/// Whether there is nothing to do for the host and port of this origin, and nothing to wait for. The stages that
/// remember something of each host forget those that it says this of.
using idle_origin = std::function<bool(const std::string& origin)>;

}  // namespace crawl
