#pragma once
// How a call to a worker process can fail other than by the function's own exception.

#include <braid/core/error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace braid {

/// Why a worker process ended, as far as it can be known.
enum class death_reason : unsigned char {
    crashed,          ///< a signal of its own doing: SIGSEGV, SIGABRT and their like
    exited,           ///< the function, or a library that it uses, ended the process
    out_of_memory,    ///< the kernel killed it for want of memory
    cpu_limit,        ///< it used up its CPU time (SIGXCPU)
    file_size_limit,  ///< it wrote more into a file than it may (SIGXFSZ)
    killed,           ///< by a signal from somewhere else
    unresponsive,     ///< we killed it: no sign of life (`process_pool_options::heartbeat`), or an answer that it kept
    broke_protocol,   ///< we killed it, because what it sent made no sense
    unfit,            ///< we killed it before its first call: it did not get ready in time, or its initialiser failed
    unknown,          ///< somebody else reaped it
};
inline constexpr std::size_t death_reasons = static_cast<std::size_t>(death_reason::unknown) + 1;
[[nodiscard]] const char* to_string(death_reason reason) noexcept;

namespace detail {
struct worker_death;
}

/// The worker process died while it was running this call. The call may have had effects; no other call is affected.
/// Threads: copies of one error may be read by several threads.
class worker_died : public error {
public:
    explicit worker_died(detail::worker_death death);

    /// One sentence: which process, how it ended, which call it was running and for how long. Then, each on a line of
    /// its own, the last few lines that it wrote to standard error.
    [[nodiscard]] const char* what() const noexcept override;

    [[nodiscard]] int pid() const noexcept;
    [[nodiscard]] death_reason reason() const noexcept;
    /// The signal that killed it, if one did.
    [[nodiscard]] std::optional<int> signal() const noexcept;
    /// What it returned, if it exited.
    [[nodiscard]] std::optional<int> exit_code() const noexcept;

    /// The function it was running.
    [[nodiscard]] const std::string& call() const;
    /// Of `map`: the number of the item that it was running, in the range, from 0 on.
    [[nodiscard]] std::optional<std::uint64_t> item() const noexcept;
    /// How long it had been running it; of short items, that and those before it in the same batch.
    [[nodiscard]] std::chrono::microseconds ran_for() const noexcept;
    /// CPU time of the process and of its children, since it was started.
    [[nodiscard]] std::chrono::microseconds cpu_time() const noexcept;
    /// The most memory that it had at a time, in bytes; nothing if that was less than its parent had when it started
    /// it.
    [[nodiscard]] std::optional<std::uint64_t> peak_memory() const noexcept;

    /// Where it crashed, innermost function first: name, file and line as far as the executable knows them. Empty
    /// unless it crashed. The first use reads the debug information of the program, which may take a while.
    [[nodiscard]] std::vector<std::string> stack() const;

    /// The last lines that it wrote to standard error, 20 or 4 KiB of them at most: what a failed assertion or an
    /// exception that nobody caught says, for instance. Empty if the pool's workers inherit theirs (worker_output).
    [[nodiscard]] std::span<const std::string> stderr_tail() const noexcept;

    /// How it went before, when it was run again (`call_options::retries`), first attempt first.
    [[nodiscard]] std::span<const worker_died> earlier() const noexcept;

private:
    struct report;
    std::shared_ptr<const report> report_;
};

/// No worker can be had: starting them failed again and again. The message says why. The call never ran.
class pool_failed : public error {
public:
    using error::error;
};

}  // namespace braid
