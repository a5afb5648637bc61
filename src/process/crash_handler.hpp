#pragma once
// What a worker does when it crashes: it leaves the stack where its parent finds it, and dies of the signal as if
// nothing had caught it.

#include <braid/wire/image.hpp>

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace braid::process_detail {

/// What unwinding makes at its first use is made now. A worker that is forked of a process that did it has it already.
void warm_up_unwinder() noexcept;

/// From now on a signal that means a crash (SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT) writes the stack of the
/// thread that it hit to `report`, as text. Signals that somebody handles already, a sanitizer for instance, are left
/// alone. The calling thread gets a stack of its own for that, so that the overflow of its stack is reported as well.
/// Lifetime: `report` has to stay for good.
void install_crash_handler(std::span<std::byte> report);

/// Parent: the stack that such a report tells, innermost first. Reads as far as it makes sense.
[[nodiscard]] std::vector<wire::code_address> stack_of(std::string_view report);

}  // namespace braid::process_detail
