#pragma once
// What the user sees while a crawl runs, on standard error.

#include <braid/core/task.hpp>

#include <functional>

#include "progress.hpp"

namespace crawl {

/// Shows where the crawl is, over and over, until it is cancelled: one line that changes on a terminal, now and then a
/// line of its own elsewhere.
braid::task<> show_progress(std::function<progress()> now);

}  // namespace crawl
