#pragma once
// A pool in which calls wait.

#include "support/gate.hpp"

#include <braid/core/sleep.hpp>
#include <braid/process/process_pool.hpp>

#include <chrono>
#include <cstddef>
#include <thread>
#include <utility>

namespace braid::testing {

inline void takes_10_ms() { std::this_thread::sleep_for(std::chrono::milliseconds(10)); }

/// One worker, which stands at a gate, so that what comes now waits.
struct held_pool {
    explicit held_pool(std::size_t most)
        : pool({.workers = 1, .max_queued = most, .name = "held", .grace = std::chrono::milliseconds(0)}) {}
    task<> hold() {
        co_await pool.run(takes_10_ms);  // calls are known to be long then, and nothing is sent ahead to the worker
        holder = pool.submit(gate::pass, door.path());
        co_await door.arrival();
    }
    task<> let_go() {
        door.open();
        co_await std::move(holder);
    }

    gate door;
    process_pool pool;
    job<int> holder;
};

/// Until the pool has seen so many calls wait.
inline task<pool_stats> stats_with_waiting(process_pool& pool, std::size_t calls) {
    for (;;) {
        const pool_stats now = co_await pool.stats();
        if (now.queued + now.awaiting_room == calls) co_return now;
        co_await sleep_for(std::chrono::milliseconds(1));
    }
}

}  // namespace braid::testing
