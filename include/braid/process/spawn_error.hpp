#pragma once
// Why a child process could not be started.

#include <braid/core/error.hpp>

#include <string>
#include <string_view>
#include <system_error>

namespace braid {

/// What was being done for the new process when it failed.
enum class spawn_step : unsigned char {
    prepare,         ///< in the parent, before there was a child
    clone,           ///< making the process: limits, memory
    bind_to_parent,  ///< asking the kernel to kill the child together with its parent
    process_group,   ///< giving the child a process group of its own
    initialise,      ///< an initialiser (standard streams, environment, directory)
    descriptors,     ///< handing over the given descriptors and no others
    signals,         ///< restoring default handlers and an empty mask
    exec,            ///< running the program: missing, not executable, not a program
    shutdown,        ///< the launcher was stopped before it came to this request
};

[[nodiscard]] std::string_view to_string(spawn_step step) noexcept;

/// A child process could not be started. Nothing is left of it: no zombie, no output, no exit handler was run.
class spawn_error : public error {
public:
    spawn_error(std::string path, spawn_step step, std::error_code code);

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] spawn_step step() const noexcept { return step_; }
    /// The `errno` of the failed step, in the generic category.
    [[nodiscard]] std::error_code code() const noexcept { return code_; }

private:
    std::string path_;
    spawn_step step_;
    std::error_code code_;
};

}  // namespace braid
