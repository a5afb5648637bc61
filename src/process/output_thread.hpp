#pragma once
// The thread that reads what workers print. A thread of its own, because a worker must not have to wait for a loop that
// is busy, and a loop that is idle must not be kept running by a worker that might print something; and because
// standard error, to which it is passed on, may block.

#include "process/descriptors.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>

namespace braid::process_detail {

/// Threads: every member may be called by any thread, from callbacks too, but for the destructor.
class output_thread {
public:
    enum class watch_id : std::uint64_t {};

    /// Throws: std::system_error if there is no descriptor left.
    output_thread();
    output_thread(const output_thread&) = delete;
    output_thread& operator=(const output_thread&) = delete;
    /// Nothing is watched any more. Waits until everything is written.
    ~output_thread();

    /// Begins by itself with the first thing to watch, or here. Throws: std::system_error if there is no thread left.
    void start();

    /// Calls `readable` on the thread whenever the descriptor has something to read, or is at its end, for as long as
    /// it returns true. Throws: std::system_error.
    watch_id watch(int fd, std::function<bool()> readable);
    /// Goes on watching, after a false.
    void resume(watch_id id) noexcept;
    /// To be called before the descriptor is closed. `readable` may still be running when this returns.
    void forget(watch_id id) noexcept;

    /// Writes it to this process's standard error, on the thread, after what came before.
    void write_error(std::string_view text);

private:
    struct watched {
        int fd;
        std::shared_ptr<const std::function<bool()>> readable;
    };

    void run();
    void look_at(watch_id id);
    void write_out();
    [[nodiscard]] bool finished();

    const unique_fd epoll_;
    const unique_fd wake_event_;
    std::mutex mutex_;
    std::unordered_map<watch_id, watched> watched_;  // under mutex_
    std::uint64_t last_id_ = 0;                      // under mutex_; 0 is the wake event's
    std::string unwritten_;                          // under mutex_
    bool stopping_ = false;                          // under mutex_
    std::thread thread_;                             // made under mutex_
};

}  // namespace braid::process_detail
