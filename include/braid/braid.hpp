#pragma once
// All of braid, in reading order.

// The program
#include <braid/app/init.hpp>
#include <braid/app/run.hpp>
#include <braid/version.hpp>

// Coroutines
#include <braid/core/error.hpp>
#include <braid/core/outcome.hpp>
#include <braid/core/task.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/deadline.hpp>
#include <braid/core/task_group.hpp>
#include <braid/core/ready_signal.hpp>
#include <braid/core/when_all.hpp>
#include <braid/core/when_any.hpp>
#include <braid/core/as_result.hpp>
#include <braid/core/job.hpp>
#include <braid/core/shield.hpp>
#include <braid/core/stop.hpp>
#include <braid/core/named.hpp>
#include <braid/core/await_chain.hpp>

// Asio
#include <braid/core/spawn.hpp>
#include <braid/core/this_executor.hpp>
#include <braid/core/use_task.hpp>
#include <braid/core/asio_awaitable.hpp>

// Between coroutines
#include <braid/sync/channel.hpp>
#include <braid/sync/work_queue.hpp>
#include <braid/sync/mutex.hpp>
#include <braid/sync/recursive_mutex.hpp>
#include <braid/sync/shared_mutex.hpp>
#include <braid/sync/semaphore.hpp>
#include <braid/sync/condition.hpp>
#include <braid/sync/event.hpp>
#include <braid/sync/latch.hpp>
#include <braid/sync/barrier.hpp>
#include <braid/sync/once.hpp>
#include <braid/flow/stream.hpp>
#include <braid/flow/as_completed.hpp>
#include <braid/flow/map_concurrent.hpp>
#include <braid/flow/retry.hpp>

// Seeing inside
#include <braid/trace/dump.hpp>
#include <braid/trace/dump_on_signal.hpp>
#include <braid/trace/stall_watch.hpp>

// Threads and processes
#include <braid/core/worker_pool.hpp>
#include <braid/thread/on_thread.hpp>
#include <braid/thread/thread_pool.hpp>
#include <braid/thread/start_on.hpp>
#include <braid/thread/fork_join.hpp>
#include <braid/thread/blocking_pool.hpp>
#include <braid/process/descriptor.hpp>
#include <braid/app/on_loop.hpp>
#include <braid/process/call_limits.hpp>
#include <braid/process/error.hpp>
#include <braid/process/map_options.hpp>
#include <braid/process/on_process.hpp>
#include <braid/process/process_pool.hpp>
#include <braid/process/shared_bytes.hpp>
#include <braid/process/time_histogram.hpp>
#include <braid/process/worker_output.hpp>
#include <braid/process/worker_state.hpp>
#include <braid/process/zygote.hpp>
#include <braid/process/spawn_error.hpp>
#include <braid/wire/exception.hpp>
#include <braid/wire/expected.hpp>
