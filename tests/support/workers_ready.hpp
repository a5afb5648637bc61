#pragma once
// Workers that are still being started have things open here that are closed when they are there.

#include <braid/core/sleep.hpp>
#include <braid/process/process_pool.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace braid::testing {

/// Until so many workers can run calls.
inline task<> workers_ready(process_pool& pool, std::ptrdiff_t count) {
    const auto is_ready = [](const worker_stats& each) {
        return each.at == worker_stats::state::idle || each.at == worker_stats::state::busy;
    };
    for (;;) {
        const pool_stats now = co_await pool.stats();
        if (std::ranges::count_if(now.workers, is_ready) == count) co_return;
        co_await sleep_for(std::chrono::milliseconds(1));
    }
}

}  // namespace braid::testing
