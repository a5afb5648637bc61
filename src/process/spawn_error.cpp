#include <braid/process/spawn_error.hpp>

#include <fmt/format.h>

#include <utility>

namespace braid {

std::string_view to_string(spawn_step step) noexcept {
    switch (step) {
        case spawn_step::prepare: return "prepare";
        case spawn_step::clone: return "clone";
        case spawn_step::bind_to_parent: return "bind to parent";
        case spawn_step::process_group: return "process group";
        case spawn_step::initialise: return "initialise";
        case spawn_step::descriptors: return "descriptors";
        case spawn_step::signals: return "signals";
        case spawn_step::exec: return "exec";
        case spawn_step::shutdown: return "shutdown";
    }
    return "unknown";
}

spawn_error::spawn_error(std::string path, spawn_step step, std::error_code code)
    : error(fmt::format("cannot start {}: step '{}' failed: {}", path, to_string(step), code.message())),
      path_(std::move(path)),
      step_(step),
      code_(code) {}

}  // namespace braid
