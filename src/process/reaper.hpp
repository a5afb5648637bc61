#pragma once
// Owns the children that were started: notices when one ends, takes its whole process group with it, and only then
// reaps it. It never waits for a child that it was not given, and leaves SIGCHLD alone.

#include "process/descriptors.hpp"
#include "process/start_child.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>

#include <sys/types.h>

namespace braid::process_detail {

/// How a child ended, and what it cost (itself and the children that it waited for).
struct exit_status {
    enum class kind : unsigned char {
        exited,     ///< `code` is what it returned
        signalled,  ///< `code` is the signal
        unknown,    ///< somebody else reaped it: SIGCHLD is ignored, or the program waits for any child
    };
    kind how = kind::unknown;
    int code = 0;
    bool dumped_core = false;
    std::chrono::microseconds user_time{};
    std::chrono::microseconds system_time{};
    /// In bytes; absent if it never needed more than its parent had when it was started (see `borrowed_peak`).
    std::optional<std::uint64_t> peak_memory;
};

/// "exited with code 3", "was killed by signal 11 (Segmentation fault), core dumped"
[[nodiscard]] std::string to_string(const exit_status& status);

/// Names a watched child for good, where a pid may come back as another process.
enum class child_id : std::uint64_t {};

using exit_callback = std::function<void(child_id, const exit_status&)>;

/// Threads: every member may be called by any thread, from callbacks too, but for the destructor.
class reaper {
public:
    /// Throws: std::system_error if there is no descriptor or thread left.
    reaper();
    reaper(const reaper&) = delete;
    reaper& operator=(const reaper&) = delete;
    /// Kills what is still watched and waits until each is reaped and its callback has returned.
    ~reaper();

    /// Takes the child over. `ended` is called exactly once, on the reaper's thread, when the child is reaped and its
    /// group is killed; it must not throw, and may run before this returns.
    /// Throws: std::system_error if it cannot be watched; the child is then killed and reaped.
    child_id watch(started_child child, exit_callback ended);

    /// Signals the child's whole group. False if the child has been reaped: the signal then goes nowhere, whoever has
    /// its pid by now.
    bool send(child_id id, int signal);
    bool kill(child_id id);  ///< SIGKILL

    /// For who has a sign that the child is dead, such as the end of its pipe, and need not wait for this thread to
    /// wake then: reaps it here and now. Nothing, if it is alive or its callback is called, or was. It will not be
    /// called if this gives something.
    [[nodiscard]] std::optional<exit_status> reap_if_dead(child_id id);

private:
    struct watched {
        started_child child;
        exit_callback ended;
    };

    using table = std::unordered_map<child_id, watched>;

    void run();
    void reap(child_id id);
    exit_status end_watch(table::iterator of, watched& gone);
    [[nodiscard]] bool finished();
    [[nodiscard]] bool finishes() const noexcept { return stopping_ && children_.empty(); }  // under mutex_
    void kill_all();

    const unique_fd epoll_;
    const unique_fd stop_event_;
    std::mutex mutex_;
    table children_;             // under mutex_: a pid in here has not been reaped by us
    std::uint64_t last_id_ = 0;  // under mutex_; 0 is the stop event's
    bool stopping_ = false;      // under mutex_
    std::thread thread_;
};

}  // namespace braid::process_detail
