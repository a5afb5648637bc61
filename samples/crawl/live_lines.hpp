#pragma once
// Lines at the bottom of a terminal that are written over again and again. This makes what is to be written; who
// writes it is another's business.

#include <cstddef>
#include <string>
#include <vector>

#include "progress_frame.hpp"

namespace crawl {

/// Between two calls the cursor is at the beginning of the line below, so that what the terminal itself echoes, and
/// what is printed after this program was killed, has a line of its own. Threads: one.
class live_lines {
public:
    /// Puts these in the place of those that are there.
    [[nodiscard]] std::string redraw(const std::vector<frame_line>& lines, const terminal_traits& on);

    /// Takes away what is there. The terminal is then as if nothing had been.
    [[nodiscard]] std::string erase(const terminal_traits& on);

private:
    [[nodiscard]] std::string to_their_beginning(const terminal_traits& on) const;

    std::vector<std::size_t> columns_;  // of each line that is there
    std::size_t width_ = 0;             // of the terminal when they were written
};

}  // namespace crawl
