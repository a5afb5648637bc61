#pragma once
// What goes on for long: it is watched meanwhile, and ends in order when the user wants that.

#include <braid/core/task.hpp>

#include <functional>
#include <string>

#include "console.hpp"
#include "progress.hpp"

namespace crawl {

/// What can be asked of it while it runs.
struct long_run {
    std::function<progress()> now;                      ///< where it is
    std::function<std::string(const progress&)> state;  ///< the same in words, for people
    std::function<void()> stop;                         ///< from now on it starts nothing, and so ends soon
};

/// Awaits `work` while the screen shows where it is, and writes its state whenever SIGUSR1 comes.
/// Lifetime: `run` and `screen` outlive it.
braid::task<> show_meanwhile(braid::task<> work, const long_run& run, console& screen);

/// Awaits `work` out of reach of cancellation: Ctrl-C, which cancels the main task, asks it to stop instead, and a
/// second Ctrl-C ends the program. Throws: `cancelled` when that has come, and `work` has ended.
/// Lifetime: as above.
braid::task<> see_through(braid::task<> work, const long_run& run, console& screen);

}  // namespace crawl
