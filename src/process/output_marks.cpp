#include "process/output_marks.hpp"

#include "process/output_lines.hpp"

#include <cstdio>
#include <iostream>
#include <tuple>

#include <sys/ioctl.h>
#include <unistd.h>

namespace braid::process_detail {

namespace {
constexpr std::array descriptors{STDOUT_FILENO, STDERR_FILENO};
}

output_marks::output_marks(const board_client& board) : board_(board), wanted_(board.output_is_marked()) {
    if (wanted_) std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
}

void output_marks::mark(std::uint64_t call) noexcept {
    std::cout.flush();
    std::fflush(stdout);
    for (std::size_t stream = 0; stream != descriptors.size(); ++stream) {
        if (!printed_since(stream)) continue;
        const std::string text = output_mark(call);
        // Who has closed it, or put a file in its place, has no lines to be told of.
        if (::write(descriptors[stream], text.data(), text.size()) > 0) written_[stream] += text.size();
    }
}

// What was written is what the parent has read and what it has not. Where it reads just now, nobody can tell: a mark
// too many does no harm.
bool output_marks::printed_since(std::size_t stream) noexcept {
    const auto read = board_.output_read(stream);
    int unread = 0;
    if (::ioctl(descriptors[stream], FIONREAD, &unread) != 0) return false;  // no pipe any more
    if (!read || board_.output_read(stream) != read) return true;
    const std::uint64_t written = *read + static_cast<std::uint64_t>(unread);
    return std::exchange(written_[stream], written) != written;
}

}  // namespace braid::process_detail
