#pragma once
// The homes of the process, for those who look at what there is.

#include <braid/core/detail/home.hpp>

#include <functional>

namespace braid::detail {

/// Those that have roots just now, in the order in which they got them. While `visit` runs they keep them, so that it
/// may post, and must not wait. Threads: any.
void for_each_home(const std::function<void(home&)>& visit);

}  // namespace braid::detail
