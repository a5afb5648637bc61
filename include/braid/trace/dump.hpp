#pragma once
// dump_tasks: every task of the process, what it waits for and since when. For programs that hang.

#include <braid/core/sleep.hpp>
#include <braid/core/task.hpp>

#include <source_location>
#include <string>
#include <vector>

namespace braid {

/// One thread of coroutines that await each other: a root (what `run`, `spawn` or `submit` started) or a child of a
/// group.
struct task_info {
    std::string name;                          ///< by `named`, the outermost one; or empty
    std::vector<std::source_location> awaits;  ///< from the outermost coroutine inwards, each with its function
    std::string waits_for;                     ///< in words; empty when it is ready to go on
    time_point since = {};                     ///< when it began to wait, to a turn of its loop
    std::vector<task_info> children = {};      ///< of groups and forks inside of it, and roots that it has started
};

/// The tasks that share a home: a loop, or a strand of one.
struct home_info {
    bool stalled = true;  ///< it did not answer in time: something holds it, or nobody runs it
    time_point at = {};   ///< the time of its answer, by its clock
    std::vector<task_info> roots = {};
};

struct task_dump {
    std::vector<home_info> homes;
    /// As a tree.
    [[nodiscard]] std::string text() const;
};

/// How long a home may take to answer before it is said to be stalled.
inline constexpr duration dump_patience = std::chrono::seconds(1);

/// `fmt::print("{}", (co_await dump_tasks()).text())`. The caller is in it too.
/// Each home is asked in turn, and looked at between two steps of its tasks.
[[nodiscard]] task<task_dump> dump_tasks(duration patience = dump_patience);

/// The same for plain threads. Throws: `usage_error` in a coroutine.
[[nodiscard]] task_dump dump_tasks_blocking(duration patience = dump_patience);

namespace detail {

/// What there is on one home. On it, or while nobody runs it.
[[nodiscard]] home_info look_at(home& where);

}  // namespace detail

}  // namespace braid
