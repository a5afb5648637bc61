#pragma once
// The clean end of a worker process.

namespace braid::process_detail {

/// Static destructors belong to the parent's idea of a program: a worker leaves without them, but not without what
/// tools and the standard streams still hold.
[[noreturn]] void leave_worker();

}  // namespace braid::process_detail
