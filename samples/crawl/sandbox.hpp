#pragma once
// What a worker process may still ask the kernel for once it parses pages: to compute, and to talk to its parent.

#include <string>

#include "parse.hpp"

namespace crawl {

/// Makes a pool's worker ready for pages from strangers; to be its initialiser. Opens what parsing needs from the
/// system (the converters of character sets), then has the kernel filter the system calls of all its threads, for good:
/// memory, clocks, threads and what is open already go on working. Opening files fails with EPERM, as libraries try to
/// in passing. What no parser does in passing (sockets, programs, looking into other processes) ends the worker by
/// SIGSYS. Where the kernel does not want the filter, the rest is done. Source: seccomp(2).
void enter_sandbox();

/// Of a process that entered: why there is no filter; empty if there is one, or the process never asked for it.
[[nodiscard]] const std::string& sandbox_problem() noexcept;

/// Has this kernel, as far as this process may use it, such filters?
[[nodiscard]] bool can_sandbox() noexcept;

/// Nothing can be open beforehand, and no memory limited, for what sanitizers do: with them there is no limit of
/// memory, and the filter lets files be read.
[[nodiscard]] bool has_sanitizers() noexcept;

}  // namespace crawl
