#pragma once
// The guard in front of everything that blocks.

namespace braid::detail {

/// Throws `usage_error` in a coroutine, whose loop a call that blocks would stop.
void require_plain_thread(const char* call, const char* instead);

}  // namespace braid::detail
