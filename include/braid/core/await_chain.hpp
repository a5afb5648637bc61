#pragma once
// await_chain: the way an exception has come, through which awaits of which coroutines.

#include <exception>
#include <source_location>
#include <string>
#include <vector>

namespace braid {

/// From the coroutine that threw outwards. The first entry names the coroutine that threw, and its last await before
/// that, or else its first or last line; each other the await that the exception came out of. It leads up to where it
/// is asked for: in a handler of the exception, in the completion handler of `spawn`, or after `run_blocking`. It leads
/// through the threads of `start_on` and `fork_join`. Empty for an exception that left no coroutine, for `cancelled`,
/// for one that is not among the last few of this thread, and for one that came from another thread in any other way:
/// out of a job of another loop, or of a task that a pool ran as a call. `run` prints it for an exception that nobody
/// caught.
[[nodiscard]] std::vector<std::source_location> await_chain(const std::exception_ptr& error);

/// The same, a line for each entry; without those of the library itself.
[[nodiscard]] std::string await_chain_text(const std::exception_ptr& error);

namespace detail {

/// In unhandled_exception: notes that the current exception leaves a coroutine which is or was last at `await`, and
/// gives it.
[[nodiscard]] std::exception_ptr leaving(const std::source_location& await) noexcept;

}  // namespace detail

}  // namespace braid
