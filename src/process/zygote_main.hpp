#pragma once
// What a zygote does instead of main.

#include <span>

namespace braid::process_detail {

/// Runs the preload, then forks workers for the parent until that is gone. `depth` is that of those workers; in `name`
/// lies what the process list shows of this process beside the program: workers write theirs over it.
[[noreturn]] void run_zygote(unsigned depth, std::span<char> name);

}  // namespace braid::process_detail
