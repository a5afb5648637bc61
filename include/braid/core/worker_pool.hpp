#pragma once
// worker_pool: what a pool of threads and a pool of processes have in common, so that the type can be swapped.

#include <braid/core/job.hpp>
#include <braid/core/task.hpp>

#include <concepts>
#include <vector>

namespace braid {

/// A pool that runs plain functions elsewhere: `co_await pool.run(f, args...)`, `pool.submit(f, args...)` for a job,
/// `pool.map(f, range)` for a stream of results; `co_await pool.close()` finishes what is queued and refuses what is
/// new, `pool.terminate()` drops what is queued and stops what runs. The destructor leaves nothing behind.
template <class P>
concept worker_pool = requires(P& pool, int (*function)(int), std::vector<int> items) {
    requires std::same_as<await_result_t<decltype(pool.run(function, 1))>, int>;
    { pool.submit(function, 1) } -> std::same_as<job<int>>;
    { pool.map(function, items).next() } -> awaitable;
    { pool.map_unordered(function, items).next() } -> awaitable;
    { pool.close() } -> awaitable;
    pool.terminate();
};

}  // namespace braid
