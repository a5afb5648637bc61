#pragma once
// dump_on_signal: `kill -USR1` shows every task of a program, also of one whose loops are held.

#include <braid/trace/dump.hpp>

#include <csignal>
#include <functional>
#include <memory>
#include <string>

namespace braid {

/// While there is one, the signal makes a thread of its own write `dump_tasks` to standard error, or give it to
/// `report`, which must not throw. The handler that was there before comes back with its end.
/// Throws: `usage_error` when there is one already; `std::system_error`.
class dump_on_signal {
public:
    explicit dump_on_signal(int signal = SIGUSR1, std::function<void(const task_dump&)> report = {});
    dump_on_signal(const dump_on_signal&) = delete;
    dump_on_signal& operator=(const dump_on_signal&) = delete;
    ~dump_on_signal();

private:
    class listener;
    std::unique_ptr<listener> listener_;
};

}  // namespace braid
