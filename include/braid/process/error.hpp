#pragma once
// How a call to a worker process can fail other than by the function's own exception.

#include <braid/core/error.hpp>

#include <optional>
#include <string>

namespace braid {

/// The worker process died while it was running this call. The call may have had effects; no other call is affected.
class worker_died : public error {
public:
    worker_died(int pid, std::optional<int> signal, std::optional<int> exit_code, const std::string& message)
        : error(message), pid_(pid), signal_(signal), exit_code_(exit_code) {}

    [[nodiscard]] int pid() const noexcept { return pid_; }
    /// The signal that killed it, if one did.
    [[nodiscard]] std::optional<int> signal() const noexcept { return signal_; }
    /// What it returned, if it exited.
    [[nodiscard]] std::optional<int> exit_code() const noexcept { return exit_code_; }

private:
    int pid_;
    std::optional<int> signal_;
    std::optional<int> exit_code_;
};

/// No worker can be had: starting them failed again and again. The message says why. The call never ran.
class pool_failed : public error {
public:
    using error::error;
};

}  // namespace braid
