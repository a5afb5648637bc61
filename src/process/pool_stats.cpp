#include <braid/process/pool_stats.hpp>

namespace braid {

const char* to_string(worker_stats::state state) noexcept {
    switch (state) {
        case worker_stats::state::starting: return "starting";
        case worker_stats::state::idle: return "idle";
        case worker_stats::state::busy: return "busy";
        case worker_stats::state::leaving: return "leaving";
    }
    return "unknown";
}

}  // namespace braid
