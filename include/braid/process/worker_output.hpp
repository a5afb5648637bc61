#pragma once
// What becomes of what worker processes print.

#include <functional>
#include <string_view>

namespace braid {

/// Where standard output and standard error of a pool's workers go. Whatever they print costs time only when it is
/// printed; a worker whose lines are not taken from it waits, as at any full pipe.
enum class worker_output : unsigned char {
    /// Output is this process's own; errors go to this process's standard error as well, but through the pool and in
    /// whole lines, so that worker_died can tell the last of them.
    pass_on,
    /// Both are this process's own, with nothing in between (a terminal stays a terminal); worker_died tells no lines.
    inherit,
    /// Neither is seen. worker_died tells the last lines of the errors.
    discard,
    /// Both go to `process_pool_options::on_line`.
    lines,
};

enum class output_stream : unsigned char { out, err };

/// Lifetime: the texts are there while the callback runs.
struct worker_line {
    int pid = -1;
    output_stream stream = output_stream::out;
    /// The name of the call that printed it; empty if it was printed between calls.
    std::string_view call = {};
    std::string_view text = {};  ///< without the line's end
    bool goes_on = false;        ///< it was cut for its length (64 KiB): the next one is the rest of it
};

/// Runs on the pool's home: a line that a call printed comes before the call ends. Lines of one stream come in their
/// order. It must not throw.
using line_callback = std::function<void(const worker_line&)>;

}  // namespace braid
