#pragma once
// fork(), but the new process is a sibling: a child of this process's parent, which can wait for it and kill it as if
// it had made it itself.

#include <sys/types.h>

namespace braid::process_detail {

/// For a process with one thread only, whose locks are therefore all free in the copy. Handlers of pthread_atfork are
/// not run: they would have to repair what other threads were at.
/// `told` gets the number of the new process before that runs, in one step with its making: it may lie in memory that
/// outlives this process.
/// Returns 0 in the new process, its number in this one, or -1 with errno set.
[[nodiscard]] pid_t fork_sibling(pid_t* told) noexcept;

}  // namespace braid::process_detail
