#pragma once
// What the environment tells of the terminal, and of what the user wants to see there.

#include "progress_frame.hpp"
#include "proxy.hpp"

namespace crawl {

/// Not so one whose TERM is `dumb`, or is not told.
[[nodiscard]] bool can_move_its_cursor(const environment_lookup& environment);

/// No colour with NO_COLOR, see https://no-color.org; UTF-8 by LC_ALL, LC_CTYPE, LANG.
[[nodiscard]] terminal_traits traits_of_terminal(const environment_lookup& environment);

}  // namespace crawl
