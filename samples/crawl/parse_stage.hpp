#pragma once
// The CPU-bound stage: pages are parsed in worker processes, so that one which crashes or hangs the parser, or takes it
// over, costs itself.

#include <braid/core/task.hpp>
#include <braid/process/process_pool.hpp>
#include <braid/sync/semaphore.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "outcome.hpp"
#include "page.hpp"
#include "parse.hpp"

namespace crawl {

/// What runs in the workers. One that finds more than parse_page does calls that, and adds `extracts` to its result:
/// samples/prices.cpp is an example.
using page_parser = parsed_page (*)(const document&);

struct parse_settings {
    page_parser parse = parse_page;
    int workers = 1;                             ///< processes; 0: pages are parsed here, without any of what follows
    std::chrono::milliseconds timeout{30'000};   ///< for one page
    std::chrono::milliseconds cpu_time{10'000};  ///< of one page
    std::uint64_t memory = std::uint64_t{2} << 30U;  ///< bytes of address space of a worker; without sanitizers only
    /// Gets what the workers print; none: it goes where this program's own output goes.
    braid::line_callback heard{};
    std::uint64_t most_found = std::uint64_t{64} << 20U;  ///< bytes of what a parser may find in a page
    bool sandbox = true;  ///< the workers can neither open files nor talk to anybody, see sandbox.hpp
    int attempts = 3;     ///< at a page whose worker was killed from outside
};

struct parse_failure {
    outcome how;  ///< parser_crashed, parser_hung or parser_failed
    std::string message;
};

using parse_result = std::variant<parsed_page, parse_failure>;

/// Threads: one, that of the coroutine that makes it.
class parse_stage {
public:
    explicit parse_stage(parse_settings options);

    /// Waits for a worker and has it parse the page. Without workers it is parsed at once, on this thread: a page that
    /// crashes or hangs the parser then crashes or hangs the crawler.
    braid::task<parse_result> parse(document page);

    /// Ends the workers, whose CPU time counts as ours from then on.
    braid::task<> close();

    /// Worker processes alive.
    [[nodiscard]] std::uint32_t workers() const;

    /// Why the workers have no sandbox though they were to; empty if they have it.
    [[nodiscard]] const std::string& sandbox_problem() const noexcept { return sandbox_problem_; }

    /// Pages that are parsed, or wait for a worker.
    [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }

private:
    braid::task<parse_result> parse_in_worker(const document& page);
    [[nodiscard]] parse_result parse_here(const document& page) const;
    braid::task<parse_result> attempt(const document& page);
    [[nodiscard]] parse_failure failure_of(const braid::worker_died& death) const;

    parse_settings options_;
    std::optional<braid::process_pool> pool_;  // none, like free_: pages are parsed here
    // A page is given to the pool when a worker is free: its deadline is for parsing, not for queueing behind a page
    // that hangs.
    std::optional<braid::semaphore> free_;
    std::size_t in_flight_ = 0;
    std::string sandbox_problem_;
};

}  // namespace crawl
