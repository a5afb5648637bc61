#pragma once
// What a worker process does instead of main.

namespace braid::process_detail {

/// Serves calls until the parent closes its pipe, then ends the process. `depth` is that of this worker.
[[noreturn]] void run_worker(unsigned depth);

}  // namespace braid::process_detail
