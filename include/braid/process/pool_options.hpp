#pragma once
// How a process_pool keeps its workers.

#include <braid/process/worker_initialiser.hpp>
#include <braid/process/worker_output.hpp>
#include <braid/process/zygote.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace braid {

/// What a worker may use; the kernel sees to it. Source: setrlimit(2).
struct worker_limits {
    /// Bytes of address space. Beyond, allocations fail: the call throws std::bad_alloc. Not with sanitizers, which
    /// reserve terabytes.
    std::optional<std::uint64_t> memory = {};
    /// Of the worker's whole life. Beyond, it dies (`death_reason::cpu_limit`).
    std::optional<std::chrono::seconds> cpu_time = {};
    /// Bytes in any file that it writes. Beyond, it dies (`death_reason::file_size_limit`), unless it ignores SIGXFSZ.
    std::optional<std::uint64_t> file_size = {};
};

struct process_pool_options {
    /// Processes at most, besides those that are dying; they are started when there is work for them. Default: the CPUs
    /// that this process may use.
    std::optional<int> workers = {};
    /// Processes that are started at once and kept, whether there is work for them or not. Where they die again and
    /// again before they have run a call, they are started ever more seldom: every ten seconds in the end.
    int min_workers = 0;
    /// A worker beyond those that had nothing to do for so long ends. This keeps no event loop running: one that is not
    /// run ends no worker. Default: it stays.
    std::optional<std::chrono::milliseconds> idle_time = {};
    /// Calls that may wait in the queue, at most: those that no worker has. One that comes when there are so many waits
    /// outside until there is room, in the order of coming, whatever its priority; `try_submit` gives nothing instead.
    /// A map's batches wait like calls. What a worker had not begun may come back, be there room or not: that is what
    /// was sent ahead of it, so as to fill half a millisecond, and up to 511 calls after very short ones. Workers get
    /// calls at the end of a turn of the loop, so that even with an idle one there are no more in a turn. Default: no
    /// limit.
    std::optional<std::size_t> max_queued = {};
    /// A new worker that has said nothing after so long is killed: it could not be started.
    std::chrono::milliseconds start_limit{30'000};
    /// A new worker whose initialiser has not returned after so long is killed as well: it hangs, or was stopped.
    std::chrono::milliseconds initialise_limit{300'000};
    /// Shown in the process list, as the workers' second argument.
    std::string name = "braid-worker";
    /// How long a running call that was cancelled may go on before its process is killed.
    std::chrono::milliseconds grace{1000};

    /// A worker that has something to do and gives no sign of life for so long, or at most twice as long, is killed
    /// (`death_reason::unresponsive`): one that was stopped (SIGSTOP), for instance. A call that computes, waits or
    /// hangs is alive: for those there are deadlines. Default: no such worker is found but by a deadline.
    std::optional<std::chrono::milliseconds> heartbeat = {};

    /// Run by each new worker before its first call: `.initialise = {load_model, path}`. A worker in which it throws,
    /// or takes longer than `initialise_limit`, is of no use: after a few of those the waiting calls fail with
    /// pool_failed, which says why.
    worker_initialiser initialise = {};
    /// Workers are forked of this process, which has run a function that loads what all of them need: `.zygote =
    /// {load_model, path}`. Default: each is started, and loads for itself. `start_limit` includes its function.
    braid::zygote zygote = {};
    /// Bytes that the arguments of one call may take, and its result, from 1 MiB on. Beyond, that call fails alone:
    /// with wire::encode_error before it is begun, or with wire::result_error. `shared_bytes` do not count.
    std::uint64_t max_message_size = std::uint64_t{4} << 30;
    /// A worker that has run about so many calls is replaced (the exact number is drawn for each, up to a fifth more,
    /// so that they do not all go at once). 0: never.
    std::size_t calls_per_worker = 0;
    /// A worker that holds more bytes of memory than this after a call is replaced (drawn for each like the number of
    /// its calls, up to a tenth less, so that this is the most). What it is lent for large values counts. 0: never.
    std::uint64_t memory_per_worker = 0;

    /// Both sides look out for each other for so long before they sleep: what follows soon, as with many short calls,
    /// is there after about a microsecond then, instead of the time that it takes to wake a core. That core is busy
    /// while it looks; where looking does not pay, as with long calls, it is left out, and on a single core the other
    /// side gets its turn instead. For calls that somebody waits for, one after the other, on a machine with a core to
    /// spare, 100 us are a good choice. Zero: both sleep at once, and talk through pipes instead of memory that they
    /// share.
    std::chrono::microseconds spin{20};

    /// Where it goes, what the workers print.
    worker_output output = worker_output::pass_on;
    /// With `.output = worker_output::lines`, and only then: gets each line of it, on the pool's home.
    line_callback on_line = {};

    worker_limits limits = {};
    /// Added to the scheduling priority number: positive is less urgent. Source: nice(2).
    int niceness = 0;
    /// CPUs that the workers may run on. Default: those of this process.
    std::vector<int> cpus = {};
    /// "NAME=value", besides the environment of this process, and instead of what that says of the same names.
    std::vector<std::string> environment = {};
    /// Default: that of this process.
    std::string working_directory = {};
};

}  // namespace braid
