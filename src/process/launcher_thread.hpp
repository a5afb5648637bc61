#pragma once
// The thread that starts every child. It lives as long as the runtime, because the kernel kills a child when the thread
// that made it ends, and because exec takes a millisecond that the loop does not have.

#include "process/child_settings.hpp"
#include "process/descriptors.hpp"
#include "process/start_child.hpp"

#include <braid/process/spawn_error.hpp>

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <variant>
#include <vector>

namespace braid::process_detail {

/// A descriptor that the child gets as number `child`. The parent's copy is closed once the child has it.
struct passed_descriptor {
    unique_fd parent;
    int child;
};

/// The program to run. Standard input is /dev/null unless passed; output and error are the parent's unless passed.
struct child_program {
    std::string path;     ///< argv[0], and what is run unless `executable` is given; never searched in PATH
    int executable = -1;  ///< an open binary, borrowed until the answer: see open_self_executable()
    std::vector<std::string> arguments;    ///< from argv[1] on
    std::vector<std::string> environment;  ///< all of it, "NAME=value": see child_environment()
    std::vector<passed_descriptor> descriptors;
    std::string directory = {};  ///< to run in, if it is not the parent's
    child_settings settings = {};
};

/// `own`, of which the last entry of a name counts, and what else is in this process's environment but for `BRAID_*`.
/// Threads: like getenv(), it must not run while another thread calls setenv().
[[nodiscard]] std::vector<std::string> child_environment(const std::vector<std::string>& own = {});

using spawn_result = std::variant<started_child, spawn_error>;
using spawn_callback = std::function<void(spawn_result)>;

/// Threads: `start` may be called by any thread at any time before the destructor, from callbacks too.
class launcher_thread {
public:
    /// Throws: std::system_error if there is no descriptor or thread left.
    launcher_thread();
    launcher_thread(const launcher_thread&) = delete;
    launcher_thread& operator=(const launcher_thread&) = delete;
    /// Answers what is still queued with `spawn_step::shutdown`. Waits for the spawn in progress. Every child that this
    /// started and that still runs is killed by the kernel: destroy it last.
    ~launcher_thread();

    /// `done` is called exactly once, on the launcher's thread, in the order of the requests. It must not throw.
    void start(child_program program, spawn_callback done);

private:
    struct request {
        child_program program;
        spawn_callback done;
    };

    void run();
    spawn_result launch(const child_program& program) const;

    const unique_fd null_device_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<request> queue_;  // under mutex_
    bool stopping_ = false;      // under mutex_
    std::thread thread_;
};

}  // namespace braid::process_detail
