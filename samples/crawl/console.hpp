#pragma once
// What the user sees while a crawl runs, on standard error.

#include <braid/core/task.hpp>

#include <functional>
#include <string>

#include "progress.hpp"

namespace crawl {

/// Shows where the crawl is, over and over, until it is cancelled: one line that changes on a terminal, now and then a
/// line of its own elsewhere.
braid::task<> show_progress(std::function<progress()> now);

/// Writes this text whenever the signal comes, until it is cancelled.
braid::task<> show_on_signal(int signal, std::function<std::string()> text);

}  // namespace crawl
