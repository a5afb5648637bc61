#pragma once
// A timer that keeps no event loop running, for what a pool does only if its loop runs anyway.

#include "process/descriptors.hpp"
#include "process/output_thread.hpp"

#include <braid/core/detail/timer_queue.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>

namespace braid::process_detail {

/// Threads: one, besides that on which it rings.
class alarm {
public:
    using time_point = detail::clock::time_point;

    /// `rings` is called on the thread. It must not throw. Throws: std::system_error if there is no descriptor left.
    alarm(output_thread& thread, std::function<void()> rings);
    alarm(const alarm&) = delete;
    alarm& operator=(const alarm&) = delete;
    /// It may be ringing still when this returns.
    ~alarm();

    /// It rings then, unless it is to do so before that anyway: whoever hears it looks what is due.
    void ring_by(time_point at) noexcept;
    /// It has rung.
    void rang() noexcept { at_.reset(); }
    /// It does not ring any more. Nothing of it is open.
    void close() noexcept;

private:
    struct clockwork {
        std::mutex mutex;
        unique_fd timer;  // under mutex
        std::function<void()> rings;
    };

    output_thread& thread_;
    const std::shared_ptr<clockwork> works_;
    output_thread::watch_id watch_;
    std::optional<time_point> at_;
};

}  // namespace braid::process_detail
