#pragma once
// What a terminal shows of a crawl that goes on: a few lines that are made anew again and again.

#include <cstddef>
#include <string>
#include <vector>

#include "progress.hpp"
#include "progress_rates.hpp"

namespace crawl {

/// What a terminal can do.
struct terminal_traits {
    std::size_t columns = 80;
    std::size_t rows = 24;
    bool utf8 = true;    ///< else ASCII is all that it gets
    bool colour = true;  ///< the user has nothing against it
};

/// A line without its end, of printable text.
struct frame_line {
    enum class tone { plain, strong, bad };

    std::string text;
    tone how = tone::plain;

    bool operator==(const frame_line&) const = default;
};

/// At most eight lines, three of them on hosts, each narrower than the terminal, so that none wraps; fewer than the
/// terminal has. What does not fit is left out, the least telling first.
[[nodiscard]] std::vector<frame_line> progress_frame(const progress& now, const rates& speed,
                                                     const terminal_traits& on);

}  // namespace crawl
