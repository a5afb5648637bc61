#pragma once
// What pools need of the program as a whole. `init` makes it and installs it here.

#include "process/descriptors.hpp"
#include "process/launcher_thread.hpp"
#include "process/oom_watch.hpp"
#include "process/output_thread.hpp"
#include "process/reaper.hpp"

#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace braid::process_detail {

struct process_services {
    process_services(std::string name, unsigned nesting) : program(std::move(name)), depth(nesting) {}

    std::string program;  ///< argv[0]
    unsigned depth;       ///< 0 in the program itself, 1 in its workers, and so on
    unique_fd executable = open_self_executable();
    output_thread output;
    output_thread answers;     // of zygotes: not on the thread of output, which may have to wait for whoever reads that
    launcher_thread launcher;  // destroyed after the reaper, which has reaped every child by then
    oom_watch memory;
    reaper children;
};

/// Those of a worker, which are made when a call asks for them: few do, and threads and files would take their time.
class late_services {
public:
    late_services(std::string name, unsigned nesting) : name_(std::move(name)), depth_(nesting) {}
    [[nodiscard]] process_services& get();

private:
    const std::string name_;
    const unsigned depth_;
    std::mutex mutex_;
    std::optional<process_services> made_;  // under mutex_
};

/// Null when there is none. Threads: any. Throws: std::system_error if they cannot be made (late).
[[nodiscard]] process_services* services();
/// Throws: usage_error if there are some already.
void install_services(process_services& made);
void install_services(late_services& to_be_made) noexcept;
void remove_services() noexcept;

/// Writing to a worker that has just died must be an error, not our end. Changes SIGPIPE only from its default, and in
/// a worker only when it has workers of its own: the functions that run there expect the default.
void ignore_sigpipe() noexcept;

/// Workers of workers of workers: further pools are refused.
inline constexpr unsigned max_depth = 3;
/// Throws: usage_error where that is reached.
void check_depth(const process_services& services);

// How a worker is told what it is.
inline constexpr const char* worker_variable = "BRAID_WORKER";
// The numbers of its descriptors.
inline constexpr int request_descriptor = 3;
inline constexpr int reply_descriptor = 4;
inline constexpr int control_descriptor = 5;
inline constexpr int board_descriptor = 6;
inline constexpr int attachment_descriptor = 7;

// Kinds of frames between parent and worker.
enum class frame_kind : std::uint32_t {
    hello = 1,
    request = 2,
    reply = 3,
    initialise = 4,
    initialised = 5,
    batch = 6,  // a request for many items
    part = 7,   // results of some of them, before the reply
    unfit = 8,  // instead of hello: why it cannot be a worker
};

/// A flag of a request: its body begins with the call's limits.
inline constexpr std::uint32_t has_limits = 1;
/// Of a request for one call: behind the limits, if any, comes by what its worker knows memory for the result.
inline constexpr std::uint32_t has_result_room = 2;
/// Of a request, a reply or a part (whose kind is in its flags as well): something was sent beside it.
inline constexpr std::uint32_t has_attachments = 4;

/// The id of a request or reply: the call's slot on the board, and its number.
[[nodiscard]] constexpr std::uint64_t frame_id(std::uint32_t slot, std::uint32_t id) noexcept {
    return std::uint64_t{slot} << 32 | id;
}
[[nodiscard]] constexpr std::uint32_t slot_of(std::uint64_t frame_id) noexcept {
    return static_cast<std::uint32_t>(frame_id >> 32);
}
[[nodiscard]] constexpr std::uint32_t call_of(std::uint64_t frame_id) noexcept {
    return static_cast<std::uint32_t>(frame_id);
}

}  // namespace braid::process_detail
